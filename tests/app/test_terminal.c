/* The live screen as a person sees it, in a terminal of tmux. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/attr.h"
#include "media.h"
#include "process.h"

static struct media_folder folder;
static char socket_name[32];

/* --- tmux */

static void tmux(struct process *p, const char *args)
{
    process_shell(p, process_patience(10), "exec tmux -L %s %s", socket_name, args);
}

static void tell(const char *args)
{
    struct process p;
    tmux(&p, args);
    if (p.exit_code != 0)
        fail_msg("tmux %s: %s", args, p.err.data);
    process_fini(&p);
}

static bool matches(const char *text, const char *pattern)
{
    regex_t re;
    assert_int_equal(regcomp(&re, pattern, REG_EXTENDED | REG_NEWLINE | REG_NOSUB), 0);
    bool yes = regexec(&re, text, 0, NULL, 0) == 0;
    regfree(&re);
    return yes;
}

/* Looks at the screen until the pattern is on it; a copy of the screen, for the caller to free. */
static char *see(const char *pattern, double seconds)
{
    time_t end = time(NULL) + (time_t)process_patience(seconds) + 1;
    for (;;) {
        struct process p;
        tmux(&p, "capture-pane -p -t s");
        if (matches(p.out.data, pattern)) {
            char *screen = strdup(p.out.data);
            process_fini(&p);
            return screen;
        }
        if (time(NULL) > end)
            fail_msg("\"%s\" did not come on the screen:\n%s", pattern, p.out.data);
        process_fini(&p);
    }
}

static void expect(const char *pattern, double seconds)
{
    free(see(pattern, seconds));
}

static void type(const char *fmt, const char *value)
{
    char line[1024], args[1200];
    snprintf(line, sizeof(line), fmt, process_exe(), value);
    snprintf(args, sizeof(args), "send-keys -t s \"%s\" Enter", line);
    tell(args);
}

static int open_terminal(void **state)
{
    folder = media_folder_make();
    snprintf(socket_name, sizeof(socket_name), "its-test-%d", (int)getpid());
    process_exe();
    char args[256];
    snprintf(args, sizeof(args),
             "-f /dev/null new-session -d -x 120 -y 35 -s s 'cd %s && PS1=ready: exec sh'",
             folder.path);
    tell(args);
    expect("ready:", 5);
    return 0;
}

static int close_terminal(void **state)
{
    tell("kill-server");
    media_folder_remove(&folder);
    return 0;
}

/* --- the tests */

static void a_person_watches(void **state)
{
    type("clear; '%s' run --state demo; echo code $?%s", "");
    expect("^highway +live .* 1 (car|truck|vehicle|motorcycle|person|bus|bicycle)", 20);
    char *screen = see("^[0-9:.]{12} +highway +(in|out)bound +(forward|backward) ", 5);
    printf("%s\n", screen);
    assert_true(matches(screen, "^ ITS Camera AI .* events stored.* q quits"));
    assert_true(matches(screen, "^LATENCY"));
    assert_true(matches(screen, "^total +[0-9.]+ +[0-9.]+"));
    assert_true(matches(screen, "^LOG"));
    assert_true(matches(screen, "highway: live: h264 960x540"));
    free(screen);

    tell("send-keys -t s x");
    tell("send-keys -t s q");
    screen = see("^code 0$", 5);
    assert_true(matches(screen, "^highway: [0-9]+ frames, forward "));
    assert_true(matches(screen, "^Counts are in demo/its.db"));
    free(screen);

    /* The terminal is as it was: it echoes, and lines end where they should. */
    type("stty -a%.0s | grep -o ' echo '%s", "; echo over");
    expect("^ echo$", 5);
    expect("^over$", 5);
}

/* Every row of a small window is the beginning of one row of a large one: nothing wraps. */
static void a_small_window(void **state)
{
    type("clear; '%s' run --state demo; echo code $?%s", "");
    expect("^highway +live ", 20);
    tell("resize-window -t s -x 60 -y 12");
    expect("^ ITS Camera AI .{30,40} q quits", 5);
    char *screen = see("^CAMERA .*FORWARD\n"
                       "highway +live +[0-9.]+ +[0-9.]+ +[0-9]+ .*\n"
                       "junction +live +[0-9.]+ +[0-9.]+ +[0-9]+ .*\n"
                       "\n"
                       "CROSSINGS",
                       5);
    free(screen);
    tell("resize-window -t s -x 20 -y 5");
    screen = see("^CAMERA +STA\nhighway +liv$\n", 5);
    free(screen);
    tell("resize-window -t s -x 1 -y 1");
    tell("resize-window -t s -x 120 -y 35");
    expect("^LATENCY", 5);
    tell("send-keys -t s Q");
    expect("^code 0$", 5);
}

static void ctrl_c_ends_it(void **state)
{
    type("clear; '%s' run --state demo; echo code $?%s", "");
    expect("^highway +live ", 20);
    tell("send-keys -t s C-c");
    expect("^code 0$", 5);
}

/* A descriptor of the first child of the window's shell. */
static int open_server(void)
{
    struct process p;
    process_shell(&p, process_patience(20),
                  "shell=$(tmux -L %s display-message -p -t gone '#{pane_pid}');"
                  "until tmux -L %s capture-pane -p -t gone | grep -q '^highway *live'; do :; done;"
                  "pgrep -P $shell",
                  socket_name, socket_name);
    int server = p.exit_code == 0 ? (int)syscall(SYS_pidfd_open, atoi(p.out.data), 0) : -1;
    process_fini(&p);
    assert_true(server >= 0);
    return server;
}

/* Who closes the window ends what ran in it; the shell, which hears of it first, passes it on. */
static void the_window_is_closed(void **state)
{
    char args[1200];
    snprintf(args, sizeof(args), "new-session -d -s gone \"cd '%s' && exec bash --norc -i\"",
             folder.path);
    tell(args);
    snprintf(args, sizeof(args), "send-keys -t gone \"'%s' run --state gone\" Enter",
             process_exe());
    tell(args);
    struct pollfd server = {open_server(), POLLIN, 0};
    tell("kill-session -t gone");
    if (poll(&server, 1, (int)(process_patience(10) * 1000)) != 1) {
        syscall(SYS_pidfd_send_signal, server.fd, SIGKILL, NULL, 0);
        fail_msg("it runs on without its terminal");
    }
    close(server.fd);
}

/* A terminal that cannot place its cursor gets lines. */
static void a_simple_terminal(void **state)
{
    static const char *const terms[] = {"dumb", "", "no-such-terminal"};
    for (unsigned i = 0; i < ITS_ARRAY_LEN(terms); i++) {
        char command[256], end[32];
        snprintf(command, sizeof(command),
                 "clear; TERM=%s '%%s' run --state demo --duration 3; echo %u: code $?%%s",
                 terms[i], i);
        type(command, "");
        snprintf(end, sizeof(end), "^%u: code 0$", i); /* the code before may still stand there */
        char *screen = see(end, 20);
        if (!matches(screen, "^ITS Camera AI ") || !matches(screen, ": live: h264 "))
            fail_msg("TERM=%s: %s", terms[i], screen);
        free(screen);
    }
}

int main(void)
{
    if (system("tmux -V >/dev/null 2>&1") != 0) {
        printf("SKIPPED: no tmux: the live screen is not checked\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_person_watches),  cmocka_unit_test(a_small_window),
        cmocka_unit_test(ctrl_c_ends_it),    cmocka_unit_test(the_window_is_closed),
        cmocka_unit_test(a_simple_terminal),
    };
    return cmocka_run_group_tests(tests, open_terminal, close_terminal);
}
