/* For tests: another program, run with a time limit, and what it said. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Its output so far; always ends in a NUL that `len` does not count. */
struct process_text {
    char *data;
    size_t len;
};

struct process {
    pid_t pid;
    int fd[2]; /* ends of the pipes from its stdout and stderr; -1 once they are closed */
    struct process_text out, err;

    /* --- after process_finish */
    int exit_code;  /* -1: it was ended by a signal */
    int signal;     /* 0: it was not */
    bool timed_out; /* it had to be killed */
    double wall_s;  /* from start to end */

    double start_s;
};

/* Path of the program under test (env ITS_EXE). Fails the running test when it is not set. */
const char *process_exe(void);

/* A time limit that suits the build: seconds, stretched where sanitizers slow everything down. */
double process_patience(double seconds);

/* Starts argv (NULL at its end) with stdin from /dev/null, in a process group of its own. */
void process_start(struct process *p, const char *const *argv);

/* How often it stands in the text. */
int process_count(const struct process_text *text, const char *what);

/* Reads on until `text` stands so many times in its stdout. False: it ended or the time was up
 * first. */
bool process_await(struct process *p, const char *text, int times, double seconds);

/* Reads on until it ends; kills its group when the time is up. Fills the fields above. The report
 * of a sanitizer fails the running test. */
void process_finish(struct process *p, double seconds);

/* start and finish. */
void process_run(struct process *p, const char *const *argv, double seconds);

/* Frees the texts; kills what still runs. */
void process_fini(struct process *p);

/* "sh -c" of that command line, started and finished. */
void process_shell(struct process *p, double seconds, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
