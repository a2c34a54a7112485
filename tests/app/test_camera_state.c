/* Every arrow of a camera's life, every one that must not be, and the books it keeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "app/camera_state.h"

#define S(name) ITS_CAMERA_##name

/* The machine as the overview draws it: a line per state, "from: to to". */
static const char drawn[] = "disabled: connecting\n"
                            "connecting: disabled connecting live stalled lost ended\n"
                            "live: disabled connecting stalled lost ended\n"
                            "stalled: disabled connecting live lost ended\n"
                            "lost: disabled connecting\n"
                            "ended: disabled connecting\n";

static void the_arrows_are_these(void **state)
{
    char got[1000] = "";
    for (int from = 0; from < ITS_CAMERA_STATE_COUNT; from++) {
        strcat(got, its_camera_state_name((enum its_camera_state)from));
        strcat(got, ":");
        for (int to = 0; to < ITS_CAMERA_STATE_COUNT; to++) {
            if (!its_camera_state_may_follow((enum its_camera_state)from,
                                             (enum its_camera_state)to))
                continue;
            strcat(got, " ");
            strcat(got, its_camera_state_name((enum its_camera_state)to));
        }
        strcat(got, "\n");
    }
    assert_string_equal(got, drawn);
}

/* In a process of its own, as it is to be aborted. */
static bool aborts(enum its_camera_state from, enum its_camera_state to, int64_t step_us)
{
    pid_t pid = fork();
    if (pid == 0) {
        close(STDERR_FILENO);
        struct its_camera_life life = {.state = from, .since_us = 10};
        its_camera_life_enter(&life, to, 10 + step_us);
        _exit(0);
    }
    int status;
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void what_has_no_arrow_aborts(void **state)
{
    for (int from = 0; from < ITS_CAMERA_STATE_COUNT; from++)
        for (int to = 0; to < ITS_CAMERA_STATE_COUNT; to++)
            assert_int_equal(aborts((enum its_camera_state)from, (enum its_camera_state)to, 1),
                             !its_camera_state_may_follow((enum its_camera_state)from,
                                                          (enum its_camera_state)to));
    assert_true(aborts(S(LIVE), S(LOST), -1)); /* a clock that runs back */
}

static void time_and_changes_are_counted(void **state)
{
    struct its_camera_life l;
    its_camera_life_init(&l, 1000);
    assert_int_equal(its_camera_life_spent_us(&l, S(DISABLED), 1500), 500);

    its_camera_life_enter(&l, S(CONNECTING), 2000);
    its_camera_life_enter(&l, S(LIVE), 2300);
    its_camera_life_enter(&l, S(STALLED), 10000);
    its_camera_life_enter(&l, S(LIVE), 11000);
    its_camera_life_enter(&l, S(LOST), 12000);
    its_camera_life_enter(&l, S(CONNECTING), 12500);
    its_camera_life_enter(&l, S(LIVE), 12500);

    static const struct {
        enum its_camera_state state;
        uint64_t entered;
        int64_t spent_us;
    } want[] = {{S(DISABLED), 1, 1000}, {S(CONNECTING), 2, 300}, {S(LIVE), 3, 8700 + 500},
                {S(STALLED), 1, 1000},  {S(LOST), 1, 500},       {S(ENDED), 0, 0}};
    for (unsigned i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
        assert_int_equal(l.entered[want[i].state], want[i].entered);
        assert_int_equal(its_camera_life_spent_us(&l, want[i].state, 13000), want[i].spent_us);
    }
    assert_int_equal(l.since_us, 12500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_arrows_are_these),
        cmocka_unit_test(what_has_no_arrow_aborts),
        cmocka_unit_test(time_and_changes_are_counted),
    };
    return cmocka_run_group_tests_name("app/camera_state", tests, NULL, NULL);
}
