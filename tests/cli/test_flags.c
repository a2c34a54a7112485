#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/config_flags.h"
#include "cli/flags.h"

struct shared {
    const char *file, *output;
};

struct settings {
    bool on;
    int count;
    struct shared shared;
    struct its_opt_list cameras;
};

static const struct its_flag own[] = {
    {{"on", ITS_OPT_BOOL, offsetof(struct settings, on)}},
    {{"count", ITS_OPT_INT, offsetof(struct settings, count), .min = 1, .max = 9}, "N"},
    {{"camera", ITS_OPT_LIST, offsetof(struct settings, cameras)}, "ID=URL"},
};

static const struct its_flag common[] = {
    {{"file", ITS_OPT_STRING, offsetof(struct shared, file), .min = 1}, "FILE"},
    {{"o", ITS_OPT_STRING, offsetof(struct shared, output), .min = 1}, "FILE"},
};

static const struct its_flag_set sets[] = {
    {own, ITS_ARRAY_LEN(own), 0},
    {common, ITS_ARRAY_LEN(common), offsetof(struct settings, shared)},
};

static struct its_arena *arena;
static struct settings s;
static struct its_operands operands;
static struct its_error err;

static int setup(void **state)
{
    arena = its_arena_create(0);
    return 0;
}

static int teardown(void **state)
{
    its_arena_destroy(&arena);
    return 0;
}

/* Arguments up to NULL. */
static int parse(const char *const *argv)
{
    int argc = 0;
    while (argv[argc])
        argc++;
    s = (struct settings){.count = 5};
    err = (struct its_error){0};
    return its_flags_parse(sets, ITS_ARRAY_LEN(sets), argc, argv, &s, &operands, arena, &err);
}

#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL})

static void both_ways_to_give_a_value(void **state)
{
    assert_int_equal(PARSE("--count=7", "--file", "a b", "x", "--on", "-"), 0);
    assert_int_equal(s.count, 7);
    assert_string_equal(s.shared.file, "a b");
    assert_true(s.on);
    assert_int_equal(operands.count, 2);
    assert_string_equal(operands.items[0], "x");
    assert_string_equal(operands.items[1], "-");
    assert_null(operands.items[2]);
}

static void defaults_stay_and_the_last_wins(void **state)
{
    assert_int_equal(parse((const char *const[]){NULL}), 0);
    assert_int_equal(s.count, 5);
    assert_int_equal(PARSE("--count=1", "--on", "--count=2", "--on=no"), 0);
    assert_int_equal(s.count, 2);
    assert_false(s.on);
}

static void lists_collect(void **state)
{
    assert_int_equal(PARSE("--camera=a=x", "--camera", "b=y?z=1"), 0);
    assert_int_equal(s.cameras.count, 2);
    assert_string_equal(s.cameras.items[0], "a=x");
    assert_string_equal(s.cameras.items[1], "b=y?z=1");
}

static void two_dashes_end_the_flags(void **state)
{
    assert_int_equal(PARSE("--on", "--", "--count=x", "--help"), 0);
    assert_int_equal(operands.count, 2);
    assert_string_equal(operands.items[0], "--count=x");
    /* Also behind a flag that wants a value: there it is the value. */
    assert_int_equal(PARSE("--file", "--"), 0);
    assert_string_equal(s.shared.file, "--");
}

static void one_letter_takes_one_dash(void **state)
{
    assert_int_equal(PARSE("-o", "a.mp4", "--count=2"), 0);
    assert_string_equal(s.shared.output, "a.mp4");
    assert_int_equal(s.count, 2);
    assert_int_equal(PARSE("-o=b.mp4"), 0);
    assert_string_equal(s.shared.output, "b.mp4");
}

static void help_is_found_anywhere(void **state)
{
    assert_int_equal(PARSE("--on", "--help", "--nonsense"), ITS_FLAGS_HELP);
    assert_int_equal(PARSE("-h"), ITS_FLAGS_HELP);
}

static void refuses_in_plain_words(void **state)
{
    static const struct {
        const char *argument, *error;
    } cases[] = {
        {"--cuont=3", "unknown flag --cuont (did you mean --count?)"},
        {"--hlep", "unknown flag --hlep (did you mean --help?)"},
        {"--frobnicate", "unknown flag --frobnicate"},
        {"--=3", "unknown flag --"},
        {"-x", "unknown flag -x (flags are written --name)"},
        {"-o", "-o needs a value: -o=FILE"},
        {"-o=", "-o: is empty"},
        {"-ox", "unknown flag -ox (flags are written --name)"},
        {"--o=x", "unknown flag --o (did you mean -o?)"},
        {"--count", "--count needs a value: --count=N"},
        {"--count=10", "--count: '10' is out of range (expected 1 to 9)"},
        {"--count=", "--count: '' is not a number (expected 1 to 9)"},
        {"--count=3x", "--count: '3x' is not a number (expected 1 to 9)"},
        {"--on=perhaps", "--on: 'perhaps' is not a truth value (expected true or false)"},
        {"--file=", "--file: is empty"},
        {"--file=\xff", "--file: '?' is not one line of valid UTF-8 (expected text)"},
    };
    for (size_t i = 0; i < ITS_ARRAY_LEN(cases); i++) {
        assert_int_equal(PARSE(cases[i].argument), -EINVAL);
        assert_string_equal(err.text, cases[i].error);
    }
}

static void flags_reach_the_configuration(void **state)
{
    static const char *const cameras[] = {"north=rtsp://u:p@h/?a=b"},
                             *const set[] = {"performance.target_latency_ms=80",
                                             "cameras.north.loop=true"};
    const struct its_config_flags flags = {.config = "/dev/null",
                                           .state = "/s",
                                           .log_level = "debug",
                                           .cameras = {cameras, 1},
                                           .set = {set, 2}};
    struct its_config *config;
    struct its_report report = {0};
    assert_int_equal(its_config_load_flags(&flags, NULL, &config, &report), 0);
    assert_string_equal(config->state, "/s");
    assert_int_equal(config->log.level, ITS_LOG_DEBUG);
    assert_true(config->performance.target_latency_ms == 80);
    assert_string_equal(config->cameras[0].url, "rtsp://u:p@h/?a=b");
    assert_true(config->cameras[0].loop);
    its_config_destroy(&config);
    its_report_fini(&report);
}

static void malformed_pairs_are_reported(void **state)
{
    static const char *const cameras[] = {"rtsp://u:hush@h"}, *const set[] = {"=x"};
    const struct its_config_flags flags = {
        .config = "/dev/null", .cameras = {cameras, 1}, .set = {set, 1}};
    struct its_config *config;
    struct its_report report = {0};
    assert_int_equal(its_config_load_flags(&flags, NULL, &config, &report), ITS_ECONFIG);
    assert_null(config);
    assert_string_equal(its_report_text(&report),
                        "--camera: 'rtsp://u:***@h' is not of the form ID=URL\n"
                        "--set: '=x' is not of the form PATH=VALUE\n");
    its_report_fini(&report);
}

static void a_missing_file_is_reported(void **state)
{
    const struct its_config_flags flags = {.config = "/nonexistent/its.yaml"};
    struct its_config *config;
    struct its_report report = {0};
    assert_int_equal(its_config_load_flags(&flags, NULL, &config, &report), -ENOENT);
    assert_null(config);
    assert_string_equal(its_report_text(&report),
                        "cannot open /nonexistent/its.yaml: No such file or directory\n");
    its_report_fini(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways_to_give_a_value),
        cmocka_unit_test(defaults_stay_and_the_last_wins),
        cmocka_unit_test(lists_collect),
        cmocka_unit_test(two_dashes_end_the_flags),
        cmocka_unit_test(one_letter_takes_one_dash),
        cmocka_unit_test(help_is_found_anywhere),
        cmocka_unit_test(refuses_in_plain_words),
        cmocka_unit_test(flags_reach_the_configuration),
        cmocka_unit_test(malformed_pairs_are_reported),
        cmocka_unit_test(a_missing_file_is_reported),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
