/* The real server, its configuration edited under it: SIGHUP, then what its output and its database
 * say. A camera that is not touched must not notice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "media.h"
#include "process.h"
#include "tests/camera/make_clip.h"

enum { FRAMES = 30, SECONDS = 30 };

static struct media_folder folder;
static struct process server;

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int make(void **state)
{
    static struct made_clip truth;
    struct its_scene_settings scene;
    folder = media_folder_make();
    its_scene_settings_default(&scene);
    scene.width = 320;
    scene.height = 180;
    make_clip(&scene, FRAMES, media_path(&folder, "clip.mp4"), &truth);
    return 0;
}

static int forget(void **state)
{
    process_fini(&server);
    media_folder_remove(&folder);
    return 0;
}

static void start(const char *yaml)
{
    char line[2000];
    media_text(&folder, "its.yaml", yaml);
    snprintf(line, sizeof(line),
             "cd '%s' && exec '%s' run --plain --state . --config its.yaml --log-level debug 2>&1",
             folder.path, process_exe());
    process_start(&server, (const char *const[]){"sh", "-c", line, NULL});
}

static void await(const char *text)
{
    if (!process_await(&server, text, 1, process_patience(SECONDS)))
        fail_msg("waited for \"%s\" in:\n%s", text, server.out.data);
}

/* Edits the file and has it read; what the server says from then on is all that `await` sees. */
static void reload(const char *yaml, const char *done)
{
    server.out.len = 0;
    server.out.data[0] = 0;
    media_text(&folder, "its.yaml", yaml);
    kill(server.pid, SIGHUP);
    await(done);
}

static void expect(const char *text)
{
    if (!strstr(server.out.data, text))
        fail_msg("no \"%s\" in:\n%s", text, server.out.data);
}

static void expect_not(const char *text)
{
    if (strstr(server.out.data, text))
        fail_msg("\"%s\" in:\n%s", text, server.out.data);
}

static void stop(void)
{
    kill(server.pid, SIGTERM);
    process_finish(&server, process_patience(SECONDS));
    assert_false(server.timed_out);
    assert_int_equal(server.exit_code, 0);
}

/* One number out of the database. */
static double ask(const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *s;
    assert_int_equal(
        sqlite3_open_v2(media_path(&folder, "its.db"), &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    double value = sqlite3_column_double(s, 0);
    sqlite3_finalize(s);
    sqlite3_close(db);
    return value;
}

static double observed_alone_s(void)
{
    return ask("SELECT ifnull(sum(observed_s), 0) FROM coverage WHERE camera = 'alone'");
}

/* Until so much of `alone` is known to have been observed. */
static void watch_for(double seconds)
{
    double end_s = now_s() + process_patience(SECONDS);
    while (observed_alone_s() < seconds && now_s() < end_s)
        process_await(&server, "nothing that is ever said", 1, 0.1);
    assert_true(now_s() < end_s);
}

#define CAMERA(id, more)                                                                           \
    id ": {url: clip.mp4, loop: true, lines: {main: [0.1, 0.6, 0.9, 0.6]}" more "}\n"
#define CAMERAS "cameras:\n  " CAMERA("alone", "") "  " CAMERA("tuned", "") "  "

static void a_reload_changes_what_differs(void **state)
{
    start(CAMERAS CAMERA("gone", ""));
    await("alone: live");
    double since_s = now_s();
    await("tuned: live");
    await("gone: live");

    /* one of each */
    reload("store: {batch_ms: 300}\n"
           "cameras:\n  " CAMERA("alone", "") "  tuned: {url: clip.mp4, loop: true, analysis_fps: "
                                              "5, lines: {main: [0.1, 0.5, 0.9, "
                                              "0.5]}}\n"
                                              "  " CAMERA("new", ""),
           "reload: done: 3 cameras, 1 added, 1 changed, 1 removed, 0 failed");
    expect("warn  reload: takes effect after a restart only: store.batch_ms\n");
    expect("info  gone: removed\n");
    expect("info  tuned: changed: analysis_fps, lines\n");
    expect("info  new: added\n");
    await("new: live");
    expect_not("alone: ");
    expect_not("tuned: live"); /* no reconnect */

    /* mistakes, all of them told, and nothing done */
    reload("camras: {}\ncameras: {alone: {url: other.mp4, loop: maybe}}\n", "nothing was changed");
    expect("error reload: its.yaml:1:1: camras: there is no such option (did you mean 'cameras'?)");
    expect("its.yaml:2:35: cameras.alone.loop: 'maybe' is not");
    expect_not("changed: ");

    /* off and on, wrong and right */
    reload(CAMERAS "new: {url: clip.mp4, loop: true, enabled: false}\n",
           "reload: done: 3 cameras, 0 added, 2 changed, 0 removed, 0 failed");
    await("new: disabled: by configuration");
    expect("new: changed: enabled, lines\n");
    reload(CAMERAS "new: {url: nowhere.mp4, loop: true}\n", "new: changed: url, enabled\n");
    await("new: lost: ");
    expect("nowhere.mp4'");
    reload(CAMERAS CAMERA("new", ""), "new: changed: url, lines\n");
    await("new: live");
    reload(CAMERAS CAMERA("new", ""), "0 added, 0 changed, 0 removed, 0 failed");
    expect_not("alone: ");
    expect_not("new: ");

    watch_for(4);
    stop();
    double lasted_s = now_s() - since_s, observed_s = observed_alone_s();
    print_message("alone: observed %.2f of %.2f s\n", observed_s, lasted_s);
    assert_true(observed_s > lasted_s - process_patience(0.5) && observed_s < lasted_s + 0.1);
    if (process_patience(1) == 1) /* a build that is slowed down may not keep up */
        assert_int_equal(ask("SELECT sum(frames_lost) FROM coverage WHERE camera = 'alone'"), 0);
    assert_int_equal(ask("SELECT count(*) FROM line WHERE camera = 'alone'"), 1);
    /* There and back: three places, the last one counts. */
    assert_int_equal(ask("SELECT max(revision) FROM line WHERE camera = 'tuned'"), 3);
    assert_int_equal(ask("SELECT revision FROM line WHERE camera = 'tuned' AND to_us IS NULL"), 3);
    assert_int_equal(ask("SELECT count(*) FROM line WHERE camera = 'gone' AND to_us IS NULL"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_reload_changes_what_differs)};
    return cmocka_run_group_tests_name("app/reload", tests, make, forget);
}
