#include "process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A program that says more than this has run wild. */
#define OUTPUT_MAX ((size_t)256 << 20)

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

const char *process_exe(void)
{
    const char *exe = getenv("ITS_EXE");
    if (!exe || access(exe, X_OK) != 0)
        fail_msg("ITS_EXE does not name the program under test: run this through meson test");
    return exe;
}

double process_patience(double seconds)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return seconds * 5;
#else
    return seconds;
#endif
}

/* --- start */

static void become(const char *const *argv, int out, int err)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpgid(0, 0);
    int in = open("/dev/null", O_RDONLY);
    dup2(in, 0);
    dup2(out, 1);
    dup2(err, 2);
    execvp(argv[0], (char *const *)argv);
    dprintf(2, "cannot run %s\n", argv[0]);
    _exit(127);
}

void process_start(struct process *p, const char *const *argv)
{
    int out[2], err[2];
    *p = (struct process){.start_s = now_s()};
    if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0 || (p->pid = fork()) < 0)
        fail_msg("cannot start %s", argv[0]);
    if (p->pid == 0)
        become(argv, out[1], err[1]);
    setpgid(p->pid, p->pid);
    close(out[1]);
    close(err[1]);
    p->fd[0] = out[0];
    p->fd[1] = err[0];
    p->out.data = calloc(1, 1);
    p->err.data = calloc(1, 1);
}

/* --- reading */

static void take(struct process *p, int which)
{
    char piece[65536];
    struct process_text *t = which ? &p->err : &p->out;
    ssize_t n = read(p->fd[which], piece, sizeof(piece));
    if (n <= 0) {
        close(p->fd[which]);
        p->fd[which] = -1;
        return;
    }
    if (t->len + (size_t)n > OUTPUT_MAX)
        fail_msg("the program said more than %zu bytes", OUTPUT_MAX);
    t->data = realloc(t->data, t->len + (size_t)n + 1);
    memcpy(t->data + t->len, piece, (size_t)n);
    t->len += (size_t)n;
    t->data[t->len] = 0;
}

/* Waits for output once. False: both pipes are closed, or the time is up. */
static bool pump(struct process *p, double end_s)
{
    struct pollfd polled[2] = {{p->fd[0], POLLIN, 0}, {p->fd[1], POLLIN, 0}};
    double left = end_s - now_s();
    if ((p->fd[0] < 0 && p->fd[1] < 0) || left <= 0)
        return false;
    poll(polled, 2, (int)(left * 1000) + 1);
    for (int i = 0; i < 2; i++)
        if (p->fd[i] >= 0 && polled[i].revents)
            take(p, i);
    return true;
}

int process_count(const struct process_text *t, const char *what)
{
    int n = 0;
    for (const char *p = t->data; (p = strstr(p, what)); p++)
        n++;
    return n;
}

bool process_await(struct process *p, const char *text, int times, double seconds)
{
    double end_s = now_s() + seconds;
    while (process_count(&p->out, text) < times)
        if (!pump(p, end_s))
            return false;
    return true;
}

/* --- end */

void process_finish(struct process *p, double seconds)
{
    double end_s = now_s() + seconds;
    while (pump(p, end_s))
        ;
    if (p->fd[0] >= 0 || p->fd[1] >= 0) {
        p->timed_out = true;
        kill(-p->pid, SIGKILL);
    }
    int status = 0;
    waitpid(p->pid, &status, 0);
    p->pid = 0;
    p->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    p->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    p->wall_s = now_s() - p->start_s;
    if (strstr(p->err.data, "Sanitizer") || strstr(p->err.data, "runtime error:"))
        fail_msg("a sanitizer speaks up: %s", p->err.data);
}

void process_run(struct process *p, const char *const *argv, double seconds)
{
    process_start(p, argv);
    process_finish(p, seconds);
}

void process_shell(struct process *p, double seconds, const char *fmt, ...)
{
    char line[8192];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    assert_true(n >= 0 && (size_t)n < sizeof(line));
    process_run(p, (const char *const[]){"sh", "-c", line, NULL}, seconds);
}

void process_fini(struct process *p)
{
    if (p->pid > 0) {
        kill(-p->pid, SIGKILL);
        waitpid(p->pid, NULL, 0);
    }
    for (int i = 0; i < 2; i++)
        if (p->fd[i] > 0)
            close(p->fd[i]);
    free(p->out.data);
    free(p->err.data);
    *p = (struct process){.fd = {-1, -1}};
}
