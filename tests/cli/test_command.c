/* Dispatch, exit codes and help, with the program's own commands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/cmd.h"

static const struct its_command *const commands[] = {&its_cmd_config_check, &its_cmd_config_print,
                                                     &its_cmd_config_docs, &its_cmd_version};

static const char *const env[] = {"HOME=/home/a", NULL};
static char *out, *err;

static int run(const char *const *argv)
{
    int argc = 0;
    size_t out_bytes, err_bytes;
    while (argv[argc])
        argc++;
    free(out);
    free(err);
    FILE *o = open_memstream(&out, &out_bytes), *e = open_memstream(&err, &err_bytes);
    int code = its_commands_run(commands, ITS_ARRAY_LEN(commands), argc, argv, env, o, e);
    fclose(o);
    fclose(e);
    return code;
}

#define RUN(...) run((const char *const[]){"its-camera-ai", __VA_ARGS__, NULL})

static int teardown(void **state)
{
    free(out);
    free(err);
    return 0;
}

static void wrong_usage_is_2_on_stderr(void **state)
{
    static const struct {
        const char *argv[4], *err;
    } cases[] = {
        {{"its-camera-ai", "vresion"},
         "its-camera-ai: unknown command 'vresion' (did you mean 'version'?)\n"},
        {{"its-camera-ai", "confg", "check"},
         "its-camera-ai: unknown command 'confg' (did you mean 'config'?)\n"},
        {{"its-camera-ai", "frobnicate"},
         "its-camera-ai: unknown command 'frobnicate'; see its-camera-ai --help\n"},
        {{"its-camera-ai", "config"},
         "its-camera-ai config: which one? See its-camera-ai config --help\n"},
        {{"its-camera-ai", "config", "chekc"},
         "its-camera-ai: unknown command 'config chekc' (did you mean 'config check'?)\n"},
        {{"its-camera-ai", "version", "--jsn"},
         "its-camera-ai version: unknown flag --jsn (did you mean --json?); see its-camera-ai "
         "version --help\n"},
        {{"its-camera-ai", "version", "now"},
         "its-camera-ai version: unexpected argument 'now'; see its-camera-ai version --help\n"},
        {{"its-camera-ai", "config check"}, /* one word is not two */
         "its-camera-ai: unknown command 'config check' (did you mean 'config'?)\n"},
    };
    for (size_t i = 0; i < ITS_ARRAY_LEN(cases); i++) {
        assert_int_equal(run(cases[i].argv), ITS_EXIT_USAGE);
        assert_string_equal(err, cases[i].err);
        assert_string_equal(out, "");
    }
    assert_int_equal(run((const char *const[]){"its-camera-ai", NULL}), ITS_EXIT_USAGE);
    assert_non_null(strstr(err, "usage: its-camera-ai COMMAND"));
}

static void overview_names_every_command(void **state)
{
    assert_int_equal(RUN("--help"), ITS_EXIT_OK);
    for (size_t i = 0; i < ITS_ARRAY_LEN(commands); i++) {
        assert_non_null(strstr(out, commands[i]->name));
        assert_non_null(strstr(out, commands[i]->summary));
    }
    assert_int_equal(RUN("config", "--help"), ITS_EXIT_OK);
    assert_non_null(strstr(out, "config print"));
    assert_null(strstr(out, "print versions"));

    assert_int_equal(RUN("help", "config", "print"), ITS_EXIT_OK);
    assert_ptr_equal(strstr(out, "NAME\n    its-camera-ai config print - "), out);
    assert_int_equal(RUN("help", "config"), ITS_EXIT_OK);
    assert_int_equal(RUN("help", "help", "help"), ITS_EXIT_OK);
    assert_int_equal(RUN("help", "vresion"), ITS_EXIT_USAGE);
    assert_non_null(strstr(err, "did you mean 'version'?"));
}

static void manual_pages_are_complete_and_narrow(void **state)
{
    for (size_t i = 0; i < ITS_ARRAY_LEN(commands); i++) {
        char words[64], *second;
        snprintf(words, sizeof(words), "%s", commands[i]->name);
        if ((second = strchr(words, ' ')))
            *second++ = 0;
        assert_int_equal(second ? RUN(words, second, "--help") : RUN(words, "--help"), ITS_EXIT_OK);
        assert_string_equal(err, "");
        static const char *const headings[] = {"NAME\n",      "\nSYNOPSIS\n",    "\nDESCRIPTION\n",
                                               "\nOPTIONS\n", "\nEXIT STATUS\n", "\nEXAMPLES\n"};
        for (size_t j = 0; j < ITS_ARRAY_LEN(headings); j++)
            assert_non_null(strstr(out, headings[j]));
        for (const char *line = out; *line; line += strcspn(line, "\n") + 1)
            if (strcspn(line, "\n") > 84)
                fail_msg("%s: too wide: %.*s", commands[i]->name, (int)strcspn(line, "\n"), line);
    }
}

static void a_page_as_text(void **state)
{
    assert_int_equal(RUN("version", "--help"), ITS_EXIT_OK);
    assert_string_equal(
        out, "NAME\n"
             "    its-camera-ai version - print versions of the program and its libraries\n"
             "\n"
             "SYNOPSIS\n"
             "    its-camera-ai version [OPTIONS]\n"
             "\n"
             "DESCRIPTION\n"
             "    Prints the version, how the program was built, which optional parts it has (+)\n"
             "    or lacks (-), and the versions of the libraries it runs with.\n"
             "\n"
             "OPTIONS\n"
             "    --json\n"
             "        Print one JSON object on one line.\n"
             "    --help\n"
             "        Print this page.\n"
             "\n"
             "EXIT STATUS\n"
             "    0  done\n"
             "    1  failed; the reason is on stderr\n"
             "    2  wrong usage; nothing was done\n"
             "\n"
             "EXAMPLES\n"
             "    its-camera-ai version\n"
             "    its-camera-ai version --json | jq -r .libraries.libavcodec\n");
}

static void version_in_both_forms(void **state)
{
    assert_int_equal(RUN("version"), ITS_EXIT_OK);
    assert_ptr_equal(strstr(out, "its-camera-ai "), out);
    assert_non_null(strstr(out, "libavcodec "));
    assert_int_equal(RUN("--version", "--json"), ITS_EXIT_OK);
    assert_ptr_equal(strstr(out, "{\"v\":1,\"version\":\""), out);
    assert_string_equal(out + strlen(out) - 3, "}}\n");
}

static void config_commands(void **state)
{
    assert_int_equal(RUN("config", "check", "/dev/null"), ITS_EXIT_OK);
    assert_string_equal(out, "/dev/null: OK, 0 cameras\n");
    assert_int_equal(RUN("config", "check", "--config=/dev/null", "--camera=a=x"), ITS_EXIT_OK);
    assert_string_equal(out, "/dev/null: OK, 1 camera\n");

    assert_int_equal(RUN("config", "check", "/dev/null", "--set=log.level=x"), ITS_EXIT_FAILED);
    assert_string_equal(out, "");
    assert_string_equal(err, "--set: log.level: 'x' is not known (expected error, warn, info or "
                             "debug)\n");

    assert_int_equal(RUN("config", "print", "/dev/null", "--camera=a=rtsp://u:hush@h"),
                     ITS_EXIT_OK);
    assert_null(strstr(out, "hush"));
    assert_non_null(strstr(out, "state: /home/a/.local/state/its-camera-ai  # default\n"));
    assert_int_equal(RUN("config", "print", "/dev/null", "--camera=a=rtsp://u:hush@h", "--secrets"),
                     ITS_EXIT_OK);
    assert_non_null(strstr(out, "    url: \"rtsp://u:hush@h\"  # flag --camera\n"));

    assert_int_equal(RUN("config", "docs"), ITS_EXIT_OK);
    assert_ptr_equal(strstr(out, "# Configuration\n"), out);
}

static void lost_output_is_a_failure(void **state)
{
    FILE *full = fopen("/dev/full", "w");
    size_t bytes;
    assert_non_null(full);
    free(err);
    FILE *e = open_memstream(&err, &bytes);
    const char *const argv[] = {"its-camera-ai", "version"};
    assert_int_equal(its_commands_run(commands, ITS_ARRAY_LEN(commands), 2, argv, env, full, e),
                     ITS_EXIT_FAILED);
    fclose(e);
    fclose(full);
    assert_string_equal(err, "its-camera-ai: cannot write the output: No space left on device\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_usage_is_2_on_stderr),
        cmocka_unit_test(overview_names_every_command),
        cmocka_unit_test(manual_pages_are_complete_and_narrow),
        cmocka_unit_test(a_page_as_text),
        cmocka_unit_test(version_in_both_forms),
        cmocka_unit_test(config_commands),
        cmocka_unit_test(lost_output_is_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, teardown);
}
