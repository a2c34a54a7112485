/* Ctrl-C on commands that run to an end: analyze closes with its summary, simulate leaves no half a
 * file behind. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/app/process.h"

static void stop_with(int sig)
{
    struct process p;
    const char *argv[] = {process_exe(),      "analyze",  "sim:highway?duration=86400&size=320x180",
                          "--json",           "--frames", "--line",
                          "main:0,0.6,1,0.6", NULL};
    process_start(&p, argv);
    assert_true(process_await(&p, "\"type\":\"frame\"", 20, process_patience(30)));
    kill(p.pid, sig);
    process_finish(&p, process_patience(30));
    assert_int_equal(p.signal, 0);
    assert_int_equal(p.exit_code, 0);
    assert_int_equal(process_count(&p.out, "\"type\":\"summary\""), 1);
    assert_int_equal(p.out.data[p.out.len - 1], '\n');
    process_fini(&p);
}

static void analyze_ends_with_its_summary(void **state)
{
    stop_with(SIGINT);
    stop_with(SIGTERM);
}

static void simulate_leaves_nothing_half_done(void **state)
{
    char dir[] = "/tmp/its-interrupt-XXXXXX", clip[64], temporary[80];
    assert_non_null(mkdtemp(dir));
    snprintf(clip, sizeof(clip), "%s/clip.mp4", dir);
    snprintf(temporary, sizeof(temporary), "%s.tmp", clip);
    struct process p;
    const char *argv[] = {process_exe(), "simulate", "--duration", "86400", "-o", clip, NULL};
    process_start(&p, argv);
    for (double tries = process_patience(3000); access(temporary, F_OK) != 0 && tries > 0; tries--)
        process_await(&p, "never said", 1, 0.01);
    assert_int_equal(access(temporary, F_OK), 0);
    kill(p.pid, SIGINT);
    process_finish(&p, process_patience(30));
    assert_int_equal(p.signal, 0);
    assert_int_equal(p.exit_code, 1);
    assert_int_not_equal(access(clip, F_OK), 0);
    assert_int_equal(rmdir(dir), 0); /* it is empty */
    process_fini(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(analyze_ends_with_its_summary),
        cmocka_unit_test(simulate_leaves_nothing_half_done),
    };
    return cmocka_run_group_tests_name("app/interrupt", tests, NULL, NULL);
}
