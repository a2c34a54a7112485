/* The server as a process: what it prints is what it stores, it stops when told to and goes on
 * where it was, whatever ended it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "base/attr.h"
#include "media.h"
#include "process.h"
#include "tests/camera/make_clip.h"

enum { FRAMES = 120, FPS = 15 };

/* A stop writes what is in memory to the disk and no more. */
#define STOP_S 5

static struct media_folder folder;
static struct made_clip made;
static char line_option[160];

static int make_folder(void **state)
{
    struct its_scene_settings s;
    folder = media_folder_make();
    its_scene_settings_default(&s);
    s.density = 0.8;
    s.width = 640;
    s.height = 360;
    make_clip(&s, FRAMES, media_path(&folder, "street.mp4"), &made);
    const struct its_scene_line *l = made.line;
    snprintf(line_option, sizeof(line_option), "lines: {%s: \"%.1f,%.1f,%.1f,%.1f\"}", l->name,
             (double)l->a.x, (double)l->a.y, (double)l->b.x, (double)l->b.y);
    return 0;
}

static int remove_folder(void **state)
{
    media_folder_remove(&folder);
    return 0;
}

/* --- helpers */

/* "run --plain --state FOLDER/STATE ARGS"; the paths in args are of the folder. */
static void start(struct process *p, const char *state, const char *args)
{
    static char line[2048];
    snprintf(line, sizeof(line), "cd '%s' && exec '%s' run --plain --state %s %s", folder.path,
             process_exe(), state, args);
    process_start(p, (const char *const[]){"sh", "-c", line, NULL});
}

static void await(struct process *p, const char *text, int times, double seconds)
{
    if (!process_await(p, text, times, process_patience(seconds)))
        fail_msg("not %d \"%s\" within %.0f s; stdout: %s stderr: %s", times, text,
                 process_patience(seconds), p->out.data, p->err.data);
}

static void stop(struct process *p, int signal)
{
    kill(p->pid, signal);
    process_finish(p, process_patience(STOP_S));
    if (p->timed_out || p->exit_code != 0)
        fail_msg("signal %d: exit code %d, %s: %s", signal, p->exit_code,
                 p->timed_out ? "no end in time" : "ended", p->err.data);
}

static sqlite3 *open_database(const char *state)
{
    char name[80];
    sqlite3 *db;
    snprintf(name, sizeof(name), "%s/its.db", state);
    if (sqlite3_open_v2(media_path(&folder, name), &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
        fail_msg("%s: %s", name, sqlite3_errmsg(db));
    return db;
}

/* One number out of the database of that state. */
static long long ask(const char *state, const char *sql)
{
    sqlite3 *db = open_database(state);
    sqlite3_stmt *s;
    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    long long n = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    sqlite3_close(db);
    return n;
}

static long long events_of(const char *state)
{
    return ask(state, "SELECT count(*) FROM crossing");
}

/* Every crossing of the database has its printed line, and the numbers are equal. */
static void check_stored_is_printed(const char *state, const struct process_text *out,
                                    long long first_track)
{
    sqlite3 *db = open_database(state);
    sqlite3_stmt *s;
    int stored = 0;
    assert_int_equal(
        sqlite3_prepare_v2(db,
                           "SELECT camera, line, direction, class, track FROM crossing "
                           "JOIN event USING (seq) WHERE track >= ?1",
                           -1, &s, NULL),
        SQLITE_OK);
    sqlite3_bind_int64(s, 1, first_track);
    for (; sqlite3_step(s) == SQLITE_ROW; stored++) {
        char line[256];
        snprintf(line, sizeof(line), "%s: line %s %s: %s (track %lld)\n", sqlite3_column_text(s, 0),
                 sqlite3_column_text(s, 1), sqlite3_column_text(s, 2), sqlite3_column_text(s, 3),
                 sqlite3_column_int64(s, 4));
        if (!strstr(out->data, line))
            fail_msg("stored, but not printed: %s", line);
    }
    sqlite3_finalize(s);
    sqlite3_close(db);
    printf("%d crossings stored, %d printed\n", stored, process_count(out, ": line "));
    assert_int_equal(stored, process_count(out, ": line "));
}

static void check_bins(const char *state)
{
    assert_int_equal(ask(state, "SELECT total(count) FROM bin_minute"), events_of(state));
    assert_int_equal(ask(state, "SELECT count(DISTINCT id) FROM event"), events_of(state));
}

static void write_config(const char *name, const char *cameras)
{
    char yaml[4096];
    snprintf(yaml, sizeof(yaml), "cameras:\n%s", cameras);
    media_text(&folder, name, yaml);
}

/* --- the tests */

static void a_first_run_counts(void **state)
{
    struct process p;
    start(&p, "demo", "");
    await(&p, ": line ", 1, 10);
    printf("the first crossing came in time; stderr: %s", p.err.data);
    stop(&p, SIGTERM);
    assert_non_null(strstr(p.err.data, "No camera is configured"));
    check_stored_is_printed("demo", &p.out, 0);
    check_bins("demo");
    process_fini(&p);
}

static void a_duration_ends_it(void **state)
{
    struct process p;
    start(&p, "demo", "--duration 3");
    process_finish(&p, process_patience(10));
    assert_int_equal(p.exit_code, 0);
    assert_true(p.wall_s >= 3);
    assert_non_null(strstr(p.out.data, "Counts are in demo/its.db"));
    process_fini(&p);
}

static void it_goes_on_where_it_was(void **state)
{
    static const int signals[] = {SIGINT, SIGTERM};
    long long before = 0, newest = 0;
    for (unsigned i = 0; i < ITS_ARRAY_LEN(signals); i++) {
        struct process p;
        char args[512];
        snprintf(args, sizeof(args), "--camera street='street.mp4?loop' --set cameras.street.%s",
                 "lines.main=0.05,0.6,0.95,0.6");
        start(&p, "again", args);
        await(&p, ": line ", 1, 10);
        stop(&p, signals[i]);
        check_stored_is_printed("again", &p.out, newest + 1);
        long long events = events_of("again");
        assert_true(events > before);
        assert_true(ask("again", "SELECT max(track) FROM crossing") > newest);
        before = events;
        newest = ask("again", "SELECT max(track) FROM crossing");
        check_bins("again");
        process_fini(&p);
    }
    assert_int_equal(ask("again", "SELECT count(DISTINCT track) FROM crossing"), before);
}

/* So many lines that at any moment of stopping some crossing is under way. */
static void a_stop_loses_nothing(void **state)
{
    char cameras[4096] = "  street:\n    url: street.mp4\n    loop: true\n    lines:\n";
    for (int i = 0; i < 60; i++)
        snprintf(cameras + strlen(cameras), sizeof(cameras) - strlen(cameras),
                 "      l%d: 0.02,%.3f,0.98,%.3f\n", i, 0.38 + 0.01 * i, 0.38 + 0.01 * i);
    write_config("dense.yaml", cameras);
    struct process p;
    start(&p, "dense", "--config dense.yaml");
    await(&p, ": line ", 40, 15);
    stop(&p, SIGTERM);
    check_stored_is_printed("dense", &p.out, 0);
    check_bins("dense");
    process_fini(&p);
}

static void killed_and_started_again(void **state)
{
    struct process p;
    const char *args = "--camera street='street.mp4?loop' "
                       "--set cameras.street.lines.main=0.05,0.6,0.95,0.6";
    start(&p, "killed", args);
    await(&p, ": line ", 4, 15);
    kill(p.pid, SIGKILL);
    process_finish(&p, 5);
    assert_int_equal(p.signal, SIGKILL);
    int printed = process_count(&p.out, ": line ");
    process_fini(&p);

    start(&p, "killed", args);
    await(&p, ": line ", 1, 10);
    stop(&p, SIGTERM);
    int after = process_count(&p.out, ": line ");
    long long events = events_of("killed");
    printf("%d printed before the kill, %d after, %lld stored\n", printed, after, events);
    assert_true(events > after && events <= printed + after + 1);
    check_bins("killed");
    process_fini(&p);
}

static void one_camera_fails_alone(void **state)
{
    struct process p;
    char cameras[1024];
    snprintf(cameras, sizeof(cameras),
             "  street: {url: 'street.mp4', loop: true, %s}\n"
             "  gone: {url: missing.mp4, %s}\n"
             "  text: {url: cameras.yaml}\n"
             "  once: {url: 'file:street.mp4', %s}\n"
             "  off: {url: street.mp4, enabled: false}\n",
             line_option, line_option, line_option);
    write_config("cameras.yaml", cameras);
    start(&p, "many", "--config cameras.yaml");
    await(&p, "street: line ", 1, 10);
    await(&p, "gone: lost", 1, 20);
    await(&p, "text: lost", 1, 1);
    await(&p, "once: ended", 1, 1);
    await(&p, "off: disabled", 1, 1);
    stop(&p, SIGINT);
    assert_non_null(strstr(p.err.data, "gone: lost: cannot open 'missing.mp4': No such file"));
    assert_null(strstr(p.out.data, "gone: line "));
    if (process_patience(1) == 1) /* a build that is slowed down may leave some out */
        assert_non_null(strstr(p.out.data, "once: 120 frames"));
    check_stored_is_printed("many", &p.out, 0);
    process_fini(&p);
}

/* The detector looks at 5 frames a second; every frame has a result all the same. */
static void a_slower_analysis(void **state)
{
    struct process p;
    char cameras[512];
    snprintf(cameras, sizeof(cameras),
             "  street: {url: 'street.mp4', loop: true, analysis_fps: 5, %s}\n", line_option);
    write_config("slow.yaml", cameras);
    start(&p, "slow", "--config slow.yaml --duration 10");
    process_finish(&p, process_patience(20));
    assert_int_equal(p.exit_code, 0);
    long long used = ask("slow", "SELECT total(frames_used) FROM coverage_minute");
    long long predicted = ask("slow", "SELECT total(frames_predicted) FROM coverage_minute");
    const char *last = strstr(p.out.data, "street: ");
    for (const char *next = last; next; next = strstr(next + 1, "street: "))
        last = next;
    assert_non_null(last);
    long long frames = atoll(last + strlen("street: "));
    printf("%lld frames: %lld analysed, %lld predicted\n", frames, used, predicted);
    assert_int_equal(frames, used + predicted);
    assert_true(frames > FRAMES); /* it went round */
    assert_true(used * 3 >= frames - 6 && used * 3 <= frames + 6);
    process_fini(&p);
}

static void two_on_one_state(void **state)
{
    struct process first, second;
    const char *args = "--camera street='street.mp4?loop' "
                       "--set cameras.street.lines.main=0.05,0.6,0.95,0.6";
    start(&first, "shared", args);
    await(&first, ": line ", 1, 10);
    start(&second, "shared", args);
    process_finish(&second, process_patience(10));
    printf("the second said: %s", second.err.data);
    assert_int_equal(second.exit_code, 1);
    assert_non_null(strstr(second.err.data, "another its-camera-ai"));
    stop(&first, SIGTERM);
    check_stored_is_printed("shared", &first.out, 0);
    process_fini(&first);
    process_fini(&second);
}

struct refusal {
    const char *command; /* after the program's name */
    int exit_code;
    const char *says;
};

static const struct refusal refusals[] = {
    {"run --state /proc/nowhere", 1, "/proc/nowhere"},
    {"run --state street.mp4", 1, "street.mp4"},
    {"run --state street.mp4/x --camera a=street.mp4", 1, "street.mp4/x"},
    {"run --config missing.yaml", 1, "missing.yaml"},
    {"run --config street.mp4", 1, "street.mp4"},
    {"run --duration -1", 2, "--duration"},
    {"run --duration soon", 2, "--duration"},
    {"run now", 2, "unexpected argument 'now'"},
    {"run --camera north", 1, "north"},
    {"run --camera 'No Good=street.mp4'", 1, "No Good"},
    {"run --camera a=street.mp4 --set cameras.a.lines.l=1,2,1,2", 1, "same point"},
    {"run --camera a=street.mp4 --set cameras.a.lines.l=nan,2,1,2", 1, "not a number"},
    {"run --camera a=street.mp4 --set cameras.a.linse.l=1,2,3,4", 1, "linse"},
    {"running", 2, "unknown command 'running'"},
    {"", 2, "run"},
};

static void refusals_are_explained(void **state)
{
    for (unsigned i = 0; i < ITS_ARRAY_LEN(refusals); i++) {
        struct process p;
        const struct refusal *r = &refusals[i];
        process_shell(&p, process_patience(10), "cd '%s' && exec '%s' %s", folder.path,
                      process_exe(), r->command);
        if (p.exit_code != r->exit_code || !strstr(p.err.data, r->says))
            fail_msg("%s: exit code %d, expected %d: \"%s\", expected \"%s\" in it", r->command,
                     p.exit_code, r->exit_code, p.err.data, r->says);
        process_fini(&p);
    }
}

/* A service without a home says how to give it a place. */
static void without_a_home(void **state)
{
    struct process p;
    process_shell(&p, process_patience(20),
                  "cd '%s' && exec env -i HOME=/proc/nobody '%s' run --plain --duration 1",
                  folder.path, process_exe());
    assert_int_equal(p.exit_code, 1);
    assert_non_null(strstr(p.err.data, "--state"));
    process_fini(&p);
}

/* Paths are only paths, also inside libraries that read URLs or connection strings. */
static void odd_names_of_the_state(void **state)
{
    static const char *const names[] = {"we ird:%d?x=1,2", "a:b", "-dash", "Straße", "a=b#c&d"};
    for (unsigned i = 0; i < ITS_ARRAY_LEN(names); i++) {
        struct process p;
        process_shell(&p, process_patience(20),
                      "cd '%s' && exec '%s' run --plain --duration 1 --state='%s'", folder.path,
                      process_exe(), names[i]);
        if (p.exit_code != 0 || events_of(names[i]) < 0)
            fail_msg("--state '%s': exit code %d: %s", names[i], p.exit_code, p.err.data);
        process_fini(&p);
    }
}

/* The pipe behind stdout breaks: counting goes on, and the end tells of it. */
static void nobody_reads_the_output(void **state)
{
    struct process p;
    process_shell(&p, process_patience(30),
                  "cd '%s' && { '%s' run --plain --state piped --camera street='street.mp4?loop' "
                  "--set cameras.street.lines.main=0.05,0.6,0.95,0.6 --duration 5; "
                  "echo \"code $?\" >&2; } | head -1",
                  folder.path, process_exe());
    assert_non_null(strstr(p.err.data, "code 1"));
    assert_non_null(strstr(p.err.data, "cannot write the output"));
    assert_true(events_of("piped") > 0);
    check_bins("piped");
    process_fini(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_first_run_counts),       cmocka_unit_test(a_duration_ends_it),
        cmocka_unit_test(it_goes_on_where_it_was),  cmocka_unit_test(a_stop_loses_nothing),
        cmocka_unit_test(killed_and_started_again), cmocka_unit_test(one_camera_fails_alone),
        cmocka_unit_test(a_slower_analysis),        cmocka_unit_test(two_on_one_state),
        cmocka_unit_test(refusals_are_explained),   cmocka_unit_test(without_a_home),
        cmocka_unit_test(odd_names_of_the_state),   cmocka_unit_test(nobody_reads_the_output),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
