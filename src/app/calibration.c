#include "app/calibration.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "app/film.h"
#include "base/arena.h"
#include "base/cpu.h"
#include "base/mem.h"
#include "tensor/letterboxer.h"

/* A clip without a known length gives every so-many-th frame. */
#define STEP_UNKNOWN 30

struct its_calibration {
    struct its_input form; /* bytes, a plane per colour: what a network sees of any picture */
    struct its_letterboxer *letterboxer;
    float scale; /* from bytes to what the model wants */
    int count, most;
    uint8_t **picture;
};

/* Paths with folders opened up. */
struct paths {
    struct its_arena *arena;
    const char **item;
    int count, room;
};

static void add_path(struct paths *p, const char *path)
{
    if (p->count == p->room) {
        p->room = ITS_MAX(64, p->room * 2);
        p->item = its_realloc(p->item, (size_t)p->room * sizeof(*p->item));
    }
    p->item[p->count++] = its_arena_strdup(p->arena, path);
}

static int is_photograph(const struct dirent *e)
{
    const char *dot = strrchr(e->d_name, '.');
    return dot && (strcasecmp(dot, ".jpg") == 0 || strcasecmp(dot, ".jpeg") == 0 ||
                   strcasecmp(dot, ".png") == 0);
}

static int add_input(struct paths *p, const char *input, struct its_error *err)
{
    struct stat st;
    if (stat(input, &st) < 0 || !S_ISDIR(st.st_mode)) {
        add_path(p, input);
        return 0;
    }
    struct dirent **entries;
    int n = scandir(input, &entries, is_photograph, alphasort);
    if (n < 0)
        return its_error_set(err, -errno, "%s: %s", input, its_strerror(-errno));
    for (int i = 0; i < n; i++) {
        add_path(p, its_arena_printf(p->arena, "%s/%s", input, entries[i]->d_name));
        free(entries[i]);
    }
    free(entries);
    if (n == 0)
        return its_error_set(err, ITS_ENOTFOUND,
                             "%s: no .jpg or .png in this folder (clips are given by name)", input);
    return 0;
}

/* --- pictures */

static int keep(struct its_calibration *c, const struct its_frame *f, struct its_error *err)
{
    uint8_t *slot = its_try_aligned(its_input_bytes(&c->form));
    int rc = slot ? its_letterboxer_frame(c->letterboxer, f, slot, NULL) : -ENOMEM;
    if (rc < 0) {
        free(slot);
        return its_error_set(err, rc, "%s", its_strerror(rc));
    }
    c->picture[c->count++] = slot;
    return 0;
}

static int take_from(struct its_calibration *c, const char *path, int share,
                     struct its_cancel *cancel, struct its_error *err)
{
    struct its_film *film;
    int rc = its_film_open(path, cancel, &film, err);
    if (rc < 0)
        return rc;
    uint64_t frames = its_film_frames(film);
    uint64_t step = frames ? ITS_MAX(1, frames / (uint64_t)share) : STEP_UNKNOWN;
    int taken = 0;
    for (uint64_t i = 0; rc == 0 && taken < share; i++) {
        struct its_frame *f;
        rc = its_film_next(film, &f, err);
        if (rc < 0)
            break;
        if (i % step == 0) {
            rc = keep(c, f, err);
            taken++;
        }
        its_frame_unref(&f);
    }
    its_film_close(&film);
    if (rc == ITS_EEOF)
        rc = taken ? 0 : its_error_set(err, ITS_EDAMAGED, "%s: no picture in it", path);
    return rc;
}

static int take_all(struct its_calibration *c, const struct paths *p, struct its_cancel *cancel,
                    struct its_error *err)
{
    int wanted = ITS_MIN(p->count, c->most), rc = 0;
    for (int i = 0; rc == 0 && i < wanted; i++) {
        int left = c->most - c->count, films = wanted - i;
        const char *path = p->item[(int64_t)i * p->count / wanted];
        rc = take_from(c, path, ITS_MAX(1, left / films), cancel, err);
    }
    return rc;
}

static int prepare(struct its_calibration *c, const struct its_model_info *model)
{
    struct its_input *in = &c->form;
    if (model->head == ITS_HEAD_YOLOX)
        its_input_yolox(in, model->native_w, model->native_h);
    else
        its_input_yolo11(in, model->native_w, model->native_h);
    c->scale = (float)in->scale;
    in->element = ITS_ELEMENT_U8;
    in->scale = 1;
    in->offset = 0;
    return its_letterboxer_create(in, its_cpu_best(), &c->letterboxer);
}

int its_calibration_open(const char *const *inputs, unsigned input_count, int most,
                         const struct its_model_info *model, struct its_cancel *cancel,
                         struct its_calibration **out, struct its_error *err)
{
    struct its_calibration *c = its_malloc(sizeof(*c));
    struct paths p = {.arena = its_arena_create(0)};
    c->most = most;
    c->picture = its_calloc((size_t)most, sizeof(*c->picture));
    int rc = prepare(c, model);
    if (rc < 0)
        its_error_set(err, rc, "%s", its_strerror(rc));
    for (unsigned i = 0; rc == 0 && i < input_count; i++)
        rc = add_input(&p, inputs[i], err);
    if (rc == 0)
        rc = take_all(c, &p, cancel, err);
    free(p.item);
    its_arena_destroy(&p.arena);
    if (rc < 0)
        its_calibration_close(&c);
    *out = c;
    return rc;
}

void its_calibration_close(struct its_calibration **pc)
{
    struct its_calibration *c = *pc;
    if (!c)
        return;
    *pc = NULL;
    for (int i = 0; i < c->count; i++)
        free(c->picture[i]);
    free(c->picture);
    its_letterboxer_destroy(&c->letterboxer);
    free(c);
}

static int fill(void *ctx, int index, float *input, int width, int height)
{
    const struct its_calibration *c = ctx;
    if (width != c->form.w || height != c->form.h)
        return -EINVAL;
    size_t n = its_input_bytes(&c->form);
    for (size_t i = 0; i < n; i++)
        input[i] = (float)c->picture[index][i] * c->scale;
    return 0;
}

struct its_quant_feed its_calibration_feed(struct its_calibration *c)
{
    return (struct its_quant_feed){.count = c->count, .fill = fill, .ctx = c};
}
