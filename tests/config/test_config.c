#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"
#include "config/table.h"

/* What the last load left. */
static struct its_config *config;
static struct its_report report;

static int load_all(const struct its_config_sources *sources)
{
    its_config_destroy(&config);
    its_report_fini(&report);
    return its_config_load(sources, &config, &report);
}

static int load(const char *yaml)
{
    return load_all(
        &(struct its_config_sources){.yaml = yaml, .yaml_bytes = strlen(yaml), .file = "its.yaml"});
}

static int load_env(const char *yaml, const char *const *env)
{
    return load_all(&(struct its_config_sources){
        .yaml = yaml, .yaml_bytes = strlen(yaml), .file = "its.yaml", .env = env});
}

static int teardown(void **state)
{
    its_config_destroy(&config);
    its_report_fini(&report);
    return 0;
}

static void printed(enum its_opt_show how, struct its_str *out)
{
    its_str_clear(out);
    its_config_print(config, how, out);
}

static void defaults_when_nothing_is_given(void **state)
{
    assert_int_equal(load_all(&(struct its_config_sources){0}), 0);
    assert_string_equal(config->state, "/var/lib/its-camera-ai");
    assert_string_equal(config->store.path, "/var/lib/its-camera-ai/its.db");
    assert_int_equal(config->log.level, ITS_LOG_INFO);
    assert_true(config->performance.target_latency_ms == 100);
    assert_int_equal(config->decode.workers, 0);
    assert_int_equal(config->decode.queue_us, 2000000);
    assert_int_equal(config->store.batch_us, 200000);
    assert_int_equal(config->camera_count, 0);
    assert_null(config->file);
    assert_int_equal(load("# all comments\nlog:\ncameras:\n"), 0);
}

static void every_default_is_allowed(void **state)
{
    struct its_str text = {0};
    assert_int_equal(load("cameras: {a: {url: x}}"), 0);
    printed(ITS_OPT_SECRETS, &text);
    assert_int_equal(load(its_str_get(&text)), 0);
    its_str_fini(&text);
}

static void a_whole_file(void **state)
{
    assert_int_equal(load("state: /srv/its\n"
                          "log: {level: WARN}\n"
                          "performance: {target_latency_ms: 80.5}\n"
                          "decode: {workers: 3, queue_packets: 64, queue_ms: 1500}\n"
                          "store: {batch_ms: 50}\n"
                          "cameras:\n"
                          "  north-1:\n"
                          "    url: rtsp://u:p@h/x\n"
                          "    enabled: no\n"
                          "    priority: high\n"
                          "    analysis_fps: 12.5\n"
                          "    loop: on\n"
                          "    lines:\n"
                          "      a: [10, 20, 30, 40.5]\n"
                          "      b/c: [[0.1, 0.2], [0.3, 0.4]]\n"
                          "      d: '1, 2, 3, 4'\n"
                          "      e: {points: [5, 6, 7, 8]}\n"
                          "  south: {url: s.mp4}\n"),
                     0);
    assert_string_equal(config->store.path, "/srv/its/its.db");
    assert_int_equal(config->log.level, ITS_LOG_WARN);
    assert_true(config->performance.target_latency_ms == 80.5);
    assert_int_equal(config->decode.queue_us, 1500000);
    assert_int_equal(config->camera_count, 2);
    assert_null(its_config_camera(config, "north"));
    assert_string_equal(its_config_camera(config, "south")->url, "s.mp4");

    const struct its_camera_config *c = its_config_camera(config, "north-1");
    assert_false(c->enabled);
    assert_true(c->loop);
    assert_int_equal(c->priority, ITS_PRIORITY_HIGH);
    assert_true(c->analysis_fps == 12.5);
    assert_int_equal(c->line_count, 4);
    assert_string_equal(c->lines[0].line.name, "a");
    assert_true(c->lines[0].line.b.y == 40.5f && !c->lines[0].line.fractions);
    assert_string_equal(c->lines[1].line.name, "b/c");
    assert_true(c->lines[1].line.a.y == 0.2f && c->lines[1].line.fractions);
    assert_true(c->lines[2].line.a.x == 1 && c->lines[2].line.b.y == 4);
    assert_true(c->lines[3].line.a.x == 5 && c->lines[3].line.b.y == 8);
}

static void mistakes_in_the_file(void **state)
{
    static const struct {
        const char *yaml, *report;
    } cases[] = {
        {"cameras:\n  north:\n    url: x\n    analysis_fps: fast\n",
         "its.yaml:4:5: cameras.north.analysis_fps: 'fast' is not a number (expected 0 to 120 "
         "frames/s)\n"},
        {"performance: {target_latency_ms: 5}\n",
         "its.yaml:1:15: performance.target_latency_ms: '5' is out of range (expected 10 to 10000 "
         "ms)\n"},
        {"performance: {target_latency_ms: .nan}\n",
         "its.yaml:1:15: performance.target_latency_ms: '.nan' is not a number (expected 10 to "
         "10000 ms)\n"},
        {"decode: {workers: 1e400}\n",
         "its.yaml:1:10: decode.workers: '1e400' is out of range (expected 0 to 256)\n"},
        {"log: {level: debgu}\n",
         "its.yaml:1:7: log.level: 'debgu' is not known; did you mean 'debug'? (expected error, "
         "warn, info or debug)\n"},
        {"log: {levle: info}\n",
         "its.yaml:1:7: log.levle: there is no such option (did you mean 'level'?)\n"},
        {"lgo: {level: info}\n",
         "its.yaml:1:1: lgo: there is no such option (did you mean 'log'?)\n"},
        {"camera: {}\n",
         "its.yaml:1:1: camera: there is no such option (did you mean 'cameras'?)\n"},
        {"password: x\n", "its.yaml:1:1: password: there is no such option\n"},
        {"performance: {strategy: balanced}\n",
         "its.yaml:1:15: performance.strategy: not supported by this version\n"},
        {"log: info\n", "its.yaml:1:1: log: expected a map of options, found text\n"},
        {"[1]\n", "its.yaml:1:1: expected a map of options, found a list\n"},
        {"log: {level: [info]}\n", "its.yaml:1:7: log.level: expected one value, found a list\n"},
        {"log:\n  level:\n",
         "its.yaml:2:3: log.level: has no value; leave the key out for the default\n"},
        {"state: ''\n", "its.yaml:1:1: state: is empty\n"},
        {"cameras: [a]\n", "its.yaml:1:1: cameras: expected a map of options, found a list\n"},
        {"cameras:\n  North: {url: x}\n",
         "its.yaml:2:3: cameras: 'North' is not a camera id (1 to 63 small letters, digits and "
         "'-')\n"},
        {"cameras:\n  north:\n    enabled: true\n",
         "its.yaml:2:3: cameras.north: 'url' is missing\n"},
        {"cameras:\n  north: {url: x, line: {}}\n",
         "its.yaml:2:19: cameras.north.line: there is no such option (did you mean 'lines'?)\n"},
        {"cameras:\n  north: {url: x, lines: [1, 2, 3, 4]}\n",
         "its.yaml:2:19: cameras.north.lines: expected a map of options, found a list\n"},
        {"cameras:\n  north: {url: x, lines: {a: {point: [1, 2, 3, 4]}}}\n",
         "its.yaml:2:31: cameras.north.lines.a.point: there is no such option (did you mean "
         "'points'?)\n"
         "its.yaml:2:27: cameras.north.lines.a: 'points' is missing\n"},
        {"cameras:\n  north: {url: x, lines: {a: [[[1, 2, 3, 4]]]}}\n",
         "its.yaml:2:27: cameras.north.lines.a: expected [x1, y1, x2, y2]\n"},
        {"log: {level: info}\nlog: {level: warn}\n",
         "its.yaml:2:1: 'log' is given twice, before in line 1\n"},
        {"a: [\n", "its.yaml:2:1: not valid YAML: did not find expected node content\n"},
        /* All of them at once. */
        {"log: {level: x}\ndecode: {workers: -1}\n",
         "its.yaml:1:7: log.level: 'x' is not known (expected error, warn, info or debug)\n"
         "its.yaml:2:10: decode.workers: '-1' is out of range (expected 0 to 256)\n"},
    };
    for (size_t i = 0; i < ITS_ARRAY_LEN(cases); i++) {
        assert_int_equal(load(cases[i].yaml), ITS_ECONFIG);
        assert_null(config);
        assert_string_equal(its_report_text(&report), cases[i].report);
    }
}

static void lines_are_refused_with_their_place(void **state)
{
    assert_int_equal(load("cameras:\n  n: {url: x, lines: {a: [1, 2, 3]}}\n"), ITS_ECONFIG);
    assert_ptr_equal(strstr(its_report_text(&report), "its.yaml:2:23: cameras.n.lines.a: "),
                     its_report_text(&report));
    assert_int_equal(load("cameras:\n  n: {url: x, lines: {'a b': [1, 2, 3, 4]}}\n"), ITS_ECONFIG);
    assert_int_equal(load("cameras:\n  n: {url: x, lines: {a: [1, 2, 3, .inf]}}\n"), ITS_ECONFIG);
}

static void secrets_stay_out_of_errors(void **state)
{
    static const char *const env[] = {"ITS__CAMERAS__N__URL=rtsp://u:hush@h/\n", NULL};
    assert_int_equal(load_env("cameras: {n: {url: \"rtsp://u:hush@h/\\x01\"}}", env), ITS_ECONFIG);
    assert_null(strstr(its_report_text(&report), "hush"));
    assert_int_equal(report.count, 3); /* both addresses, and that there is none */
}

static void environment_over_file(void **state)
{
    static const char yaml[] = "log: {level: debug}\n"
                               "cameras: {north-gate: {url: a, lines: {A/b: [1, 2, 3, 4]}}}\n";
    static const char *const env[] = {"ITS__LOG__LEVEL=warn",
                                      "PERFORMANCE__TARGET_LATENCY_MS=90",
                                      "its__cameras__north_gate__url=rtsp://u:p@h",
                                      "ITS__CAMERAS__NORTH_GATE__LINES__A_B=5,6,7,8",
                                      "ITS__CAMERAS__SOUTH_GATE__URL=b",
                                      "ITS__STATE=/s",
                                      "ITS_CONFIG=unrelated",
                                      "PERFORMANCE=unrelated",
                                      NULL};
    assert_int_equal(load_env(yaml, env), 0);
    assert_int_equal(config->log.level, ITS_LOG_WARN);
    assert_true(config->performance.target_latency_ms == 90);
    assert_string_equal(config->state, "/s");
    assert_int_equal(config->camera_count, 2);
    const struct its_camera_config *c = its_config_camera(config, "north-gate");
    assert_string_equal(c->url, "rtsp://u:p@h");
    assert_int_equal(c->line_count, 1);
    assert_string_equal(c->lines[0].line.name, "A/b");
    assert_true(c->lines[0].line.a.x == 5);
    assert_string_equal(its_config_camera(config, "south-gate")->url, "b");
}

static void mistakes_in_the_environment(void **state)
{
    static const struct {
        const char *variable, *report;
    } cases[] = {
        {"ITS__LOG__LEVL=info", "environment variable ITS__LOG__LEVL: there is no such option (did "
                                "you mean 'ITS__LOG__LEVEL'?)\n"},
        {"PERFORMANCE__TARGET_LATENCY=90",
         "environment variable PERFORMANCE__TARGET_LATENCY: there is no such option (did you mean "
         "'PERFORMANCE__TARGET_LATENCY_MS'?)\n"},
        {"PERFORMANCE__STRATEGY=balanced",
         "environment variable PERFORMANCE__STRATEGY: performance.strategy: not supported by this "
         "version\n"},
        {"ITS__LOG__LEVEL=loud", "environment variable ITS__LOG__LEVEL: log.level: 'loud' is not "
                                 "known (expected error, warn, info or debug)\n"},
        {"ITS__CAMERAS__NORTH__ULR=x",
         "environment variable ITS__CAMERAS__NORTH__ULR: there is no such option (did you mean "
         "'ITS__CAMERAS__NORTH__URL'?)\n"},
        {"ITS__CAMERAS__NORTH=x",
         "environment variable ITS__CAMERAS__NORTH: names a camera but no option of it\n"},
        {"ITS__CAMERAS__NORTH__LOOP=yes",
         "environment variable ITS__CAMERAS__NORTH__LOOP: cameras.north: 'url' is missing\n"},
        {"ITS__CAMERAS____URL=x",
         "environment variable ITS__CAMERAS____URL: cameras: '' is not a camera id (1 to 63 small "
         "letters, digits and '-')\n"},
        {"ITS__=x", "environment variable ITS__: there is no such option\n"},
        {"ITS__\xff=x", "environment variable ITS__?: there is no such option\n"},
    };
    for (size_t i = 0; i < ITS_ARRAY_LEN(cases); i++) {
        const char *const env[] = {cases[i].variable, NULL};
        assert_int_equal(load_env("", env), ITS_ECONFIG);
        assert_string_equal(its_report_text(&report), cases[i].report);
    }
    static const char *const twice[] = {"ITS__LOG__LEVEL=info", "its__log__level=warn", NULL};
    assert_int_equal(load_env("", twice), ITS_ECONFIG);
    assert_string_equal(its_report_text(&report),
                        "environment variable its__log__level: log.level: given twice, also by "
                        "ITS__LOG__LEVEL\n");
}

static void flags_over_environment(void **state)
{
    static const char *const env[] = {"ITS__LOG__LEVEL=warn", NULL};
    static const struct its_config_override overrides[] = {
        {"log.level", "error", "--log-level"},
        {"cameras.north.url", "x", "--camera"},
        {"cameras.north.lines.A.b", "1,2,3,4", "--set"},
        {"decode.workers", "1", "--set"},
        {"decode.workers", "2", "--set"},
    };
    const struct its_config_sources sources = {
        .env = env, .overrides = overrides, .override_count = ITS_ARRAY_LEN(overrides)};
    assert_int_equal(load_all(&sources), 0);
    assert_int_equal(config->log.level, ITS_LOG_ERROR);
    assert_int_equal(config->decode.workers, 2);
    assert_string_equal(config->cameras[0].lines[0].line.name, "A.b");
}

static void mistakes_on_the_command_line(void **state)
{
    static const struct {
        struct its_config_override override;
        const char *report;
    } cases[] = {
        {{"decode.worker", "1", "--set"},
         "--set: decode.worker: there is no such option (did you mean 'decode.workers'?)\n"},
        {{"decode.workers", "x", "--set"},
         "--set: decode.workers: 'x' is not a number (expected 0 to 256)\n"},
        {{"cameras.N.url", "x", "--camera"},
         "--camera: cameras: 'N' is not a camera id (1 to 63 small letters, digits and '-')\n"},
        {{"cameras.n", "x", "--set"}, "--set: cameras.n: names a camera but no option of it\n"},
        {{"LOG.LEVEL", "info", "--set"},
         "--set: LOG.LEVEL: there is no such option (did you mean 'log.level'?)\n"},
    };
    for (size_t i = 0; i < ITS_ARRAY_LEN(cases); i++) {
        const struct its_config_sources sources = {.overrides = &cases[i].override,
                                                   .override_count = 1};
        assert_int_equal(load_all(&sources), ITS_ECONFIG);
        assert_string_equal(its_report_text(&report), cases[i].report);
    }
}

static void state_comes_from_the_environment(void **state)
{
    static const char *const home[] = {"HOME=/home/a", NULL};
    static const char *const xdg[] = {"HOME=/home/a", "XDG_STATE_HOME=/x", NULL};
    static const char *const systemd[] = {"XDG_STATE_HOME=/x", "STATE_DIRECTORY=/var/lib/i:/b",
                                          NULL};
    static const char *const empty[] = {"HOME=", NULL};
    static const char *const bad[] = {"HOME=/\xff", NULL};
    static const char *const mended[] = {"HOME=/\xff", "ITS__STATE=/s", NULL};
    assert_int_equal(load_env("", home), 0);
    assert_string_equal(config->state, "/home/a/.local/state/its-camera-ai");
    assert_int_equal(load_env("", xdg), 0);
    assert_string_equal(config->state, "/x/its-camera-ai");
    assert_int_equal(load_env("", systemd), 0);
    assert_string_equal(config->state, "/var/lib/i");
    assert_int_equal(load_env("", empty), 0);
    assert_string_equal(config->state, "/var/lib/its-camera-ai");
    assert_int_equal(load_env("", bad), ITS_ECONFIG);
    assert_string_equal(its_report_text(&report),
                        "state: the default from HOME, XDG_STATE_HOME or STATE_DIRECTORY: "
                        "'/?/.local/state/its-camera-ai' is not one line of valid UTF-8 (expected "
                        "text); give --state\n");
    assert_int_equal(load_env("", mended), 0);
}

static void print_tells_where_from(void **state)
{
    static const char *const env[] = {"ITS__LOG__LEVEL=warn", NULL};
    static const struct its_config_override override = {"decode.workers", "2", "--set"};
    static const char yaml[] = "cameras:\n"
                               "  null-1:\n"
                               "    url: rtsp://u:hush@h/x y\n"
                               "    lines: {true: [0.1, 2, 3, 4]}\n";
    const struct its_config_sources sources = {.yaml = yaml,
                                               .yaml_bytes = sizeof(yaml) - 1,
                                               .file = "its.yaml",
                                               .env = env,
                                               .overrides = &override,
                                               .override_count = 1};
    assert_int_equal(load_all(&sources), 0);
    struct its_str text = {0};
    printed(ITS_OPT_MASKED, &text);
    assert_string_equal(its_str_get(&text),
                        "state: /var/lib/its-camera-ai  # default\n"
                        "log:\n"
                        "  level: warn  # env ITS__LOG__LEVEL\n"
                        "performance:\n"
                        "  target_latency_ms: 100  # default\n"
                        "decode:\n"
                        "  workers: 2  # flag --set\n"
                        "  queue_packets: 256  # default\n"
                        "  queue_ms: 2000  # default\n"
                        "detector:\n"
                        "  kind: auto  # default\n"
                        "  model: \"\"  # default\n"
                        "  precision: auto  # default\n"
                        "  input_size: 640  # default\n"
                        "  confidence: 0.1  # default\n"
                        "  iou: 0.6  # default\n"
                        "store:\n"
                        "  path: /var/lib/its-camera-ai/its.db  # default\n"
                        "  batch_ms: 200  # default\n"
                        "  max_events_waiting: 100000  # default\n"
                        "cameras:\n"
                        "  null-1:\n"
                        "    url: \"rtsp://u:***@h/x y\"  # its.yaml:3, secret hidden\n"
                        "    transport: tcp  # default\n"
                        "    enabled: true  # default\n"
                        "    priority: normal  # default\n"
                        "    analysis_fps: 0  # default\n"
                        "    loop: false  # default\n"
                        "    stall_s: 3  # default\n"
                        "    blind_s: 15  # default\n"
                        "    timeout_s: 10  # default\n"
                        "    lines:\n"
                        "      \"true\": [0.1, 2, 3, 4]  # its.yaml:4\n");
    its_str_fini(&text);
}

static void printed_loads_again(void **state)
{
    assert_int_equal(load("state: \"/srv/\\\"ü\\\" \\\\x # y\"\n"
                          "performance: {target_latency_ms: 33.333333333333336}\n"
                          "store: {path: 'null', batch_ms: 0001.5}\n"
                          "cameras:\n"
                          "  '1': {url: \"rtsp://a:b@c/?x={y}: 'z'\", analysis_fps: 0.1}\n"
                          "  '-': {url: '- x', lines: {'1.': [0.333333343, 1, 1, 0.1]}}\n"),
                     0);
    struct its_str first = {0}, second = {0};
    printed(ITS_OPT_SECRETS, &first);
    if (load(its_str_get(&first)) != 0)
        fail_msg("%s\n%s", its_report_text(&report), its_str_get(&first));
    assert_true(config->performance.target_latency_ms == 33.333333333333336);
    assert_true(config->cameras[1].lines[0].line.a.x == 0.333333343f);
    assert_string_equal(config->state, "/srv/\"ü\" \\x # y");
    assert_string_equal(config->store.path, "null");
    assert_string_equal(config->cameras[0].url, "rtsp://a:b@c/?x={y}: 'z'");

    /* The second print differs from the first only in origins; the third in nothing. */
    printed(ITS_OPT_SECRETS, &first);
    assert_int_equal(load(its_str_get(&first)), 0);
    printed(ITS_OPT_SECRETS, &second);
    assert_string_equal(its_str_get(&first), its_str_get(&second));
    its_str_fini(&first);
    its_str_fini(&second);
}

static void numbers_of_cameras_and_lines_are_bounded(void **state)
{
    struct its_str yaml = {0};
    its_str_puts(&yaml, "cameras:\n");
    for (int i = 0; i < ITS_CAMERAS_MAX; i++)
        its_str_printf(&yaml, "  c%d: {url: x}\n", i);
    assert_int_equal(load(its_str_get(&yaml)), 0);
    assert_int_equal(config->camera_count, ITS_CAMERAS_MAX);
    assert_string_equal(its_config_camera(config, "c4095")->id, "c4095");
    its_str_puts(&yaml, "  one-more: {url: x}\n");
    assert_int_equal(load(its_str_get(&yaml)), ITS_ECONFIG);
    assert_string_equal(its_report_text(&report),
                        "its.yaml:4098:3: cameras: more than 4096 cameras\n");

    its_str_clear(&yaml);
    its_str_puts(&yaml, "cameras:\n  c:\n    url: x\n    lines:\n");
    for (int i = 0; i <= ITS_CAMERA_LINES_MAX; i++)
        its_str_printf(&yaml, "      l%d: [1, 2, 3, 4]\n", i);
    assert_int_equal(load(its_str_get(&yaml)), ITS_ECONFIG);
    assert_string_equal(its_report_text(&report),
                        "its.yaml:69:7: cameras.c.lines.l64: more than 64 lines\n");
    its_str_fini(&yaml);
}

static void too_big_has_its_own_code(void **state)
{
    static const char *const deep =
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]";
    assert_int_equal(load(deep), ITS_ETOOBIG);
}

static void files_are_found_and_read(void **state)
{
    static const char *const env[] = {"ITS_CONFIG=/from/env", NULL};
    assert_string_equal(its_config_file("/from/flag", env), "/from/flag");
    assert_string_equal(its_config_file(NULL, env), "/from/env");

    struct its_str text = {0};
    struct its_error err;
    assert_int_equal(its_config_read_file("/nonexistent/its.yaml", &text, &err), -ENOENT);
    assert_string_equal(err.text, "cannot open /nonexistent/its.yaml: No such file or directory");
    assert_int_equal(its_config_read_file("/", &text, &err), -EISDIR);
    assert_string_equal(err.text, "cannot read /: Is a directory");
    assert_int_equal(its_config_read_file("/dev/zero", &text, &err), ITS_ETOOBIG);
    its_str_fini(&text);
}

static void examples_load(void **state)
{
    const char *root = getenv("ITS_SOURCE_ROOT");
    assert_non_null(root);
    char dir[1024];
    snprintf(dir, sizeof(dir), "%s/examples", root);
    struct dirent **entries;
    int n = scandir(dir, &entries, NULL, alphasort), files = 0;
    assert_true(n > 0);
    for (int i = 0; i < n; i++) {
        struct its_str path = {0}, text = {0};
        its_str_printf(&path, "%s/%s", dir, entries[i]->d_name);
        if (strstr(entries[i]->d_name, ".yaml")) {
            assert_int_equal(its_config_read_file(its_str_get(&path), &text, NULL), 0);
            if (load(its_str_get(&text)) != 0)
                fail_msg("%s: %s", its_str_get(&path), its_report_text(&report));
            files++;
        }
        its_str_fini(&path);
        its_str_fini(&text);
        free(entries[i]);
    }
    free(entries);
    assert_true(files >= 3);
}

/* doc/configuration.md is what `config docs` prints: run it again after a change of the tables. */
static void reference_is_up_to_date(void **state)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/doc/configuration.md", getenv("ITS_SOURCE_ROOT"));
    struct its_str file = {0}, now = {0};
    assert_int_equal(its_config_read_file(path, &file, NULL), 0);
    its_config_print_docs(&now);
    assert_string_equal(its_str_get(&file), its_str_get(&now));
    its_str_fini(&file);
    its_str_fini(&now);
}

static void every_row_is_complete(void **state)
{
    for (unsigned g = 0; g < its_config_group_count; g++)
        for (unsigned i = 0; i < its_config_groups[g].count; i++) {
            const struct its_opt *o = &its_config_groups[g].opts[i];
            assert_non_null(o->doc);
            assert_true(o->type != ITS_OPT_LIST);
            assert_true(o->type != ITS_OPT_CHOICE || o->choices);
        }
    for (unsigned i = 0; i < its_camera_opt_count; i++)
        assert_non_null(its_camera_opts[i].doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_when_nothing_is_given),
        cmocka_unit_test(every_default_is_allowed),
        cmocka_unit_test(a_whole_file),
        cmocka_unit_test(mistakes_in_the_file),
        cmocka_unit_test(lines_are_refused_with_their_place),
        cmocka_unit_test(secrets_stay_out_of_errors),
        cmocka_unit_test(environment_over_file),
        cmocka_unit_test(mistakes_in_the_environment),
        cmocka_unit_test(flags_over_environment),
        cmocka_unit_test(mistakes_on_the_command_line),
        cmocka_unit_test(state_comes_from_the_environment),
        cmocka_unit_test(print_tells_where_from),
        cmocka_unit_test(printed_loads_again),
        cmocka_unit_test(numbers_of_cameras_and_lines_are_bounded),
        cmocka_unit_test(too_big_has_its_own_code),
        cmocka_unit_test(files_are_found_and_read),
        cmocka_unit_test(examples_load),
        cmocka_unit_test(reference_is_up_to_date),
        cmocka_unit_test(every_row_is_complete),
    };
    return cmocka_run_group_tests(tests, NULL, teardown);
}
