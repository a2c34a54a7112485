/* YAML bytes → configuration. What loads must print as YAML that loads to the same again. */
#include <string.h>

#include "config/config.h"
#include "fuzz.h"

static struct its_config *load(const char *yaml, size_t bytes)
{
    const struct its_config_sources sources = {.yaml = yaml, .yaml_bytes = bytes, .file = "f"};
    struct its_config *config;
    struct its_report report = {0};
    int code = its_config_load(&sources, &config, &report);
    its_assert((code == 0) == (config != NULL) && (code == 0) == (report.count == 0));
    its_report_fini(&report);
    return config;
}

/* Lines without the comment on where the value comes from. */
static void strip_origins(struct its_str *text)
{
    size_t n = 0;
    for (size_t i = 0; i < text->len; i++) {
        const char *mark = strncmp(text->data + i, "  # ", 4) == 0 ? text->data + i : NULL;
        const char *end = mark ? strchr(mark, '\n') : NULL;
        if (mark && end && !memchr(mark, '"', (size_t)(end - mark)))
            i = (size_t)(end - text->data);
        text->data[n++] = text->data[i];
    }
    text->data[n] = 0;
    text->len = n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct its_config *first = load((const char *)data, size);
    if (!first)
        return 0;
    struct its_str before = {0}, after = {0}, masked = {0};
    its_config_print(first, ITS_OPT_SECRETS, &before);
    its_config_print(first, ITS_OPT_MASKED, &masked);

    struct its_config *second = load(before.data, before.len);
    its_assert(second);
    its_config_print(second, ITS_OPT_SECRETS, &after);
    strip_origins(&before);
    strip_origins(&after);
    its_assert(strcmp(before.data, after.data) == 0);

    its_config_destroy(&first);
    its_config_destroy(&second);
    its_str_fini(&before);
    its_str_fini(&after);
    its_str_fini(&masked);
    return 0;
}
