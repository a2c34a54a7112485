#include "app/reload.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "config/diff.h"

#define AREA "reload"

struct tally {
    unsigned added, changed, removed, failed;
};

static void remove_gone(struct its_engine *e, const struct its_config *to, struct tally *tally)
{
    struct its_seat_view v;
    for (unsigned i = 0; its_engine_read_camera(e, i, &v);) {
        struct its_error err;
        if (its_config_camera(to, v.camera.id) ||
            its_engine_remove_camera(e, v.camera.id, &err) < 0) {
            i++;
            continue;
        }
        its_log(ITS_LOG_INFO, v.camera.id, "removed");
        tally->removed++;
    }
}

static void follow_camera(struct its_engine *e, const struct its_camera_config *c,
                          struct tally *tally)
{
    char what[200] = "";
    struct its_error err = {0};
    int rc = its_engine_change_camera(e, c, what, sizeof(what), &err);
    if (rc == ITS_ENOTFOUND) {
        rc = its_engine_add_camera(e, c, &err);
        tally->added += rc == 0;
        if (rc == 0)
            its_log(ITS_LOG_INFO, c->id, "added");
    } else if (rc == 0 && what[0]) {
        its_log(ITS_LOG_INFO, c->id, "changed: %s", what);
        tally->changed++;
    }
    if (rc < 0) {
        its_log(ITS_LOG_ERROR, c->id, "not reloaded: %s", err.text);
        tally->failed++;
    }
}

static void follow_options(struct its_engine *e, const struct its_config *started,
                           const struct its_config *to)
{
    char what[400];
    its_log_set_level(to->log.level);
    its_engine_change_target(e, to->performance.target_latency_ms);
    if (its_config_diff_restart(started, to, what, sizeof(what)))
        its_log(ITS_LOG_WARN, AREA, "takes effect after a restart only: %s", what);
}

void its_reload(struct its_engine *e, const struct its_config *started, const struct its_config *to)
{
    struct tally t = {0};
    follow_options(e, started, to);
    remove_gone(e, to, &t);
    for (unsigned i = 0; i < to->camera_count; i++)
        follow_camera(e, &to->cameras[i], &t);
    its_log(ITS_LOG_INFO, AREA, "done: %u cameras, %u added, %u changed, %u removed, %u failed",
            to->camera_count, t.added, t.changed, t.removed, t.failed);
}
