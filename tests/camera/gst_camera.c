#include "tests/camera/gst_camera.h"

#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define ARGS_MAX   16
#define FRAMES_MAX 10000

struct gst_camera {
    pid_t pid;
    int keep; /* its stdin: it ends with us */
    FILE *out;
    int port;
    pthread_t thread;

    pthread_mutex_t lock;
    /* --- under lock */
    unsigned count;
    struct gst_frame frames[FRAMES_MAX];
};

static void *read_lines(void *arg)
{
    struct gst_camera *c = arg;
    char line[128];
    while (fgets(line, sizeof(line), c->out)) {
        unsigned n;
        int key;
        int64_t us;
        if (sscanf(line, "frame %u %d %" SCNd64, &n, &key, &us) != 3 || n >= FRAMES_MAX)
            continue;
        pthread_mutex_lock(&c->lock);
        c->frames[n] = (struct gst_frame){key, us};
        c->count = n + 1;
        pthread_mutex_unlock(&c->lock);
    }
    return NULL;
}

static void spawn(struct gst_camera *c, const char *program, const char *const *args)
{
    int in[2], out[2];
    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    c->pid = fork();
    if (c->pid == 0) {
        const char *argv[ARGS_MAX] = {program};
        for (int i = 0; args[i] && i < ARGS_MAX - 2; i++)
            argv[i + 1] = args[i];
        dup2(in[0], 0);
        dup2(out[1], 1);
        close(in[1]);
        close(out[0]);
        execv(program, (char *const *)argv);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    c->keep = in[1];
    c->out = fdopen(out[0], "r");
}

struct gst_camera *gst_camera_start(const char *const *args)
{
    const char *program = getenv("ITS_RTSP_SERVER");
    if (!program || access(program, X_OK) != 0) {
        fprintf(stderr, "SKIPPED: no RTSP server (libgstrtspserver-1.0-dev was missing when this "
                        "was built)\n");
        exit(77);
    }
    char line[128];
    struct gst_camera *c = calloc(1, sizeof(*c));
    pthread_mutex_init(&c->lock, NULL);
    spawn(c, program, args);
    if (!fgets(line, sizeof(line), c->out) || sscanf(line, "port %d", &c->port) != 1)
        fail_msg("the RTSP server does not start");
    assert_int_equal(pthread_create(&c->thread, NULL, read_lines, c), 0);
    return c;
}

int gst_camera_port(const struct gst_camera *c)
{
    return c->port;
}

bool gst_camera_frame(struct gst_camera *c, unsigned number, struct gst_frame *out)
{
    pthread_mutex_lock(&c->lock);
    bool sent = number < c->count;
    if (sent)
        *out = c->frames[number];
    pthread_mutex_unlock(&c->lock);
    return sent;
}

void gst_camera_kill(struct gst_camera **pc)
{
    struct gst_camera *c = *pc;
    *pc = NULL;
    kill(c->pid, SIGKILL);
    waitpid(c->pid, NULL, 0);
    pthread_join(c->thread, NULL);
    fclose(c->out);
    close(c->keep);
    pthread_mutex_destroy(&c->lock);
    free(c);
}
