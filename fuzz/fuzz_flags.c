/* Arguments, one per line → flags of every type → configuration without reading files. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/config_flags.h"
#include "fuzz.h"

#define ARGUMENTS_MAX 64

struct settings {
    struct its_config_flags config;
    bool on;
    int whole;
    double real;
    int64_t time_us;
    int choice;
};

static const char *const colours[] = {"red", "green", "blue", NULL};

static const struct its_flag flags[] = {
    {{"on", ITS_OPT_BOOL, offsetof(struct settings, on)}},
    {{"whole", ITS_OPT_INT, offsetof(struct settings, whole), .min = -5, .max = 5}, "N"},
    {{"real", ITS_OPT_DOUBLE, offsetof(struct settings, real), .min = -1, .max = 1e300}, "X"},
    {{"time", ITS_OPT_TIME, offsetof(struct settings, time_us), .min = 0, .max = 1e8, .unit = "s"},
     "S"},
    {{"choice", ITS_OPT_CHOICE, offsetof(struct settings, choice), .choices = colours}, "C"},
};

static const struct its_flag_set sets[] = {
    {its_config_flag_rows, ITS_CONFIG_FLAG_COUNT, offsetof(struct settings, config)},
    {flags, ITS_ARRAY_LEN(flags), 0},
};

static void check(const struct settings *s, const struct its_operands *operands, int argc)
{
    its_assert(s->whole >= -5 && s->whole <= 5 && s->real >= -1 && s->real <= 1e300);
    its_assert(s->time_us >= 0 && s->time_us <= (int64_t)1e14);
    its_assert(s->choice >= 0 && s->choice < 3);
    its_assert(operands->count <= (unsigned)argc && !operands->items[operands->count]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = its_malloc(size + 1);
    memcpy(text, data, size);
    const char *argv[ARGUMENTS_MAX];
    int argc = 0;
    char *rest = text;
    for (char *line; argc < ARGUMENTS_MAX && (line = strsep(&rest, "\n"));)
        argv[argc++] = line;

    struct its_arena *arena = its_arena_create(0);
    struct settings s = {0};
    struct its_operands operands;
    struct its_error err;
    int code = its_flags_parse(sets, ITS_ARRAY_LEN(sets), argc, argv, &s, &operands, arena, &err);
    if (code == 0) {
        check(&s, &operands, argc);
        s.config.config = "/dev/null";
        struct its_config *config;
        struct its_report report = {0};
        code = its_config_load_flags(&s.config, NULL, &config, &report);
        its_assert((code == 0) == (config != NULL) && (code == 0) == (report.count == 0));
        its_config_destroy(&config);
        its_report_fini(&report);
    }
    its_arena_destroy(&arena);
    free(text);
    return 0;
}
