#include "app/run.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "app/reload.h"
#include "app/view.h"
#include "base/clock.h"
#include "base/log.h"
#include "build_config.h"

/* How often the screen is drawn. */
#define REFRESH_NS 250000000

/* Crossings waiting for the screen; when nobody looks, old ones go. */
#define FEED_CAPACITY 256

static void our_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGHUP);
}

/* SIGHUP asks for a reload, and also says that the terminal has gone: then nobody is left to watch.
 * Who sent it does not tell, as an interactive shell passes the kernel's on. A server that was not
 * begun on a terminal (systemd, nohup) has none to lose. */
static bool has_lost_terminal(bool had_one)
{
    return had_one && !isatty(STDOUT_FILENO);
}

void its_run_block_signals(void)
{
    sigset_t set;
    our_signals(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void drop_result(void *item)
{
    struct its_result *r = item;
    its_result_unref(&r);
}

/* The server as long as it runs. */
struct server {
    const struct its_run_settings *set;
    struct its_engine *engine;
    struct its_queue *feed;
    const struct its_view_ops *ops;
    struct its_view *view;
    bool on_terminal;
};

static void show_crossings(struct server *s)
{
    void *items[16];
    for (int n; (n = its_queue_pop(s->feed, items, 16, 0)) > 0;) {
        for (int i = 0; i < n; i++) {
            s->ops->crossings(s->view, items[i]);
            drop_result(items[i]);
        }
    }
}

static void reload(struct server *s)
{
    struct its_config *config = s->set->reload(s->set->ctx);
    if (!config)
        return;
    its_reload(s->engine, s->set->config, config);
    its_config_destroy(&config);
}

static void open_view(struct server *s)
{
    const char *title = "ITS Camera AI " ITS_VERSION;
    s->on_terminal = isatty(STDOUT_FILENO);
    if (!s->set->plain && s->on_terminal && isatty(STDIN_FILENO)) {
        s->ops = &its_view_terminal;
        s->view = s->ops->open(title);
    }
    if (!s->view) {
        s->ops = &its_view_plain;
        s->view = s->ops->open(title);
    }
}

static void watch(struct server *s)
{
    int64_t duration_us = s->set->duration_us;
    int64_t end_us = duration_us ? its_mono_us() + duration_us : INT64_MAX;
    sigset_t set;
    our_signals(&set);
    bool leave = s->ops->refresh(s->view, s->engine);
    while (!leave && its_mono_us() < end_us) {
        int sig = sigtimedwait(&set, NULL, &(struct timespec){.tv_nsec = REFRESH_NS});
        bool asked_to_reload = sig == SIGHUP && !has_lost_terminal(s->on_terminal);
        show_crossings(s);
        if (asked_to_reload)
            reload(s);
        leave = s->ops->refresh(s->view, s->engine) || (sig > 0 && !asked_to_reload);
    }
    /* What is stored is also shown: the crossings of the last moment, too. */
    its_engine_halt(s->engine);
    show_crossings(s);
}

/* The last word: what was counted. */
static void say_goodbye(struct its_engine *engine)
{
    char forward[160], backward[160];
    struct its_seat_view v;
    for (unsigned i = 0; its_engine_read_camera(engine, i, &v); i++)
        printf("%s: %llu frames, forward %s, backward %s\n", v.camera.id,
               (unsigned long long)v.camera.frames,
               its_view_counts(v.crossings[ITS_FORWARD], forward, sizeof(forward)),
               its_view_counts(v.crossings[ITS_BACKWARD], backward, sizeof(backward)));
}

int its_run(const struct its_run_settings *settings, struct its_error *err)
{
    struct server s = {.set = settings};
    s.feed = its_queue_create(&(struct its_queue_settings){
        .name = "feed",
        .capacity = FEED_CAPACITY,
        .full = ITS_QUEUE_DROP_OLDEST,
        .drop = drop_result,
    });
    open_view(&s);
    int rc = its_engine_start(settings->config, s.feed, &s.engine, err);
    if (rc == 0)
        watch(&s);
    s.ops->close(&s.view);
    if (rc == 0) {
        say_goodbye(s.engine);
        its_engine_stop(&s.engine);
        printf("Counts are in %s\n", settings->config->store.path);
    }
    its_queue_destroy(&s.feed);
    return rc;
}
