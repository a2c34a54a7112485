/* Lines NAME=VALUE → configuration, on top of a file with a camera to meet. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/config.h"
#include "fuzz.h"

#define VARIABLES_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char yaml[] = "cameras: {north-gate: {url: x, lines: {A/b: [1, 2, 3, 4]}}}";
    char *text = its_malloc(size + 1);
    memcpy(text, data, size);

    const char *env[VARIABLES_MAX + 1] = {NULL};
    int n = 0;
    char *rest = text;
    for (char *line; n < VARIABLES_MAX && (line = strsep(&rest, "\n"));)
        env[n++] = line;

    const struct its_config_sources sources = {
        .yaml = yaml, .yaml_bytes = sizeof(yaml) - 1, .file = "f", .env = env};
    struct its_config *config;
    struct its_report report = {0};
    int code = its_config_load(&sources, &config, &report);
    its_assert((code == 0) == (config != NULL) && (code == 0) == (report.count == 0));
    its_config_destroy(&config);
    its_report_fini(&report);
    free(text);
    return 0;
}
