/* How: `was` is the graph inferred for the size the file was made for; `g` is a second copy that
 * gets the size wanted and is inferred node by node, each node mended just before. Values keep
 * their ids in copies, so a value's old shape is was->value[id]. */
#include "nn/bind.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "nn/bind_mend.h"
#include "nn/graph_priv.h"
#include "nn/sizes.h"

static bool same_picture(const struct its_sizes *s)
{
    return s->from.batch == s->to.batch && s->from.h == s->to.h && s->from.w == s->to.w;
}

static int bind_nodes(struct its_binder *b)
{
    int rc = 0;
    bool same = same_picture(&b->sizes);
    for (int i = 0; i < b->g->node_count && rc == 0; i++) {
        if (!same)
            rc = its_bind_mend(b, b->g->node[i]);
        if (rc == 0)
            rc = its_graph_infer_node(b->g, b->g->node[i], b->err);
    }
    return rc;
}

/* Every output has the rank it had, and a row per picture. */
static int check_outputs(struct its_binder *b)
{
    for (int i = 0; i < b->g->output_count; i++) {
        const struct its_value *v = b->g->output[i];
        const struct its_shape *now = &v->shape, *old = &its_binder_was(b, v)->shape;
        char text[96];
        if (now->rank != old->rank || now->rank == 0 || now->dim[0] != b->sizes.to.batch)
            return its_error_set(b->err, ITS_EUNSUPPORTED, "its output '%s' would be %s", v->name,
                                 its_shape_text(now, text, sizeof(text)));
    }
    return 0;
}

static void set_input(struct its_graph *g, const struct its_picture *p)
{
    struct its_shape *s = &g->input[0]->shape;
    s->dim[0] = p->batch;
    s->dim[2] = p->h;
    s->dim[3] = p->w;
}

/* The metadata's "imgsz", as Ultralytics writes it: [height, width]. */
static bool read_imgsz(const struct its_graph *g, int *h, int *w)
{
    for (int i = 0; i < g->meta_count; i++)
        if (strcmp(g->meta[i][0], "imgsz") == 0)
            return sscanf(g->meta[i][1], "[%d, %d]", h, w) == 2 && *h > 0 && *w > 0;
    return false;
}

/* Who fills the input writes three planes of f32 and asks nobody. */
static int check_channels(const struct its_value *in, struct its_error *err)
{
    char count[24] = "?";
    if (in->shape.dim[1] == 3 && in->type == ITS_F32)
        return 0;
    if (in->shape.dim[1] >= 0)
        snprintf(count, sizeof(count), "%" PRId64, in->shape.dim[1]);
    return its_error_set(err, ITS_EUNSUPPORTED,
                         "its input '%s' has %s channels of %s; 3 channels of f32 are supported",
                         in->name, count, its_dtype_name(in->type));
}

int its_graph_native(const struct its_graph *file, struct its_native *out, struct its_error *err)
{
    const struct its_value *in = file->input_count == 1 ? file->input[0] : NULL;
    if (!in || !in->shaped || in->shape.rank != 4)
        return its_error_set(err, ITS_EUNSUPPORTED,
                             "it has %d inputs; one, of (batch, channels, height, width), is "
                             "supported",
                             file->input_count);
    *out = (struct its_native){1, 640, 640};
    read_imgsz(file, &out->h, &out->w);
    const int64_t *d = in->shape.dim;
    int *to[] = {&out->batch, NULL, &out->h, &out->w};
    for (int i = 0; i < 4; i++) {
        if (d[i] > 1 << 16)
            return its_error_set(err, ITS_EUNSUPPORTED, "its input has an odd size");
        if (to[i] && d[i] > 0)
            *to[i] = (int)d[i];
    }
    return check_channels(in, err);
}

static int check_wanted(const struct its_sizes *s, struct its_error *err)
{
    const struct its_picture *f = &s->from, *t = &s->to;
    if (t->batch < 1 || t->batch > 32)
        return its_error_set(err, -EINVAL, "batch %" PRId64 ": 1 to 32 are possible", t->batch);
    if ((t->h == f->h && t->w == f->w) ||
        (t->h > 0 && t->w > 0 && t->h % 32 == 0 && t->w % 32 == 0 && t->h <= 8192 && t->w <= 8192))
        return 0;
    return its_error_set(err, -EINVAL,
                         "%" PRId64 "x%" PRId64 ": width and height must be multiples of 32, up "
                         "to 8192",
                         t->w, t->h);
}

/* Copies of the file's graph: at its own size, and at the one wanted. */
static int bind_to(const struct its_graph *file, const struct its_sizes *s, struct its_graph **out,
                   struct its_error *err)
{
    struct its_graph *old = its_graph_clone(file), *g = its_graph_clone(file);
    struct its_binder b = {.was = old, .g = g, .sizes = *s, .err = err};
    set_input(old, &s->from);
    set_input(g, &s->to);
    int rc = its_graph_infer(old, err);
    if (rc == 0 && (rc = bind_nodes(&b)) == 0)
        rc = check_outputs(&b);
    if (rc && !same_picture(s))
        its_error_prefix(err, "cannot change the size of this model");
    its_graph_destroy(&old);
    if (rc) {
        its_graph_destroy(&g);
        return rc;
    }
    its_graph_drop_folded(g);
    its_graph_prune(g);
    *out = g;
    return 0;
}

int its_graph_bind(const struct its_graph *file, int batch, int h, int w, struct its_graph **out,
                   struct its_error *err)
{
    struct its_native native;
    *out = NULL;
    int rc = its_graph_native(file, &native, err);
    if (rc)
        return rc;
    struct its_sizes s = {.from = {native.batch, native.h, native.w}};
    s.to = (struct its_picture){batch ? batch : native.batch, h ? h : native.h, w ? w : native.w};
    if ((rc = check_wanted(&s, err)))
        return rc;
    /* 640x640 has as many cells as 800x512: a number that was not understood would fit by chance.
     * A size with other counts shows it. */
    if (s.from.h * s.from.w == s.to.h * s.to.w && s.from.h != s.to.h) {
        struct its_sizes other = s;
        other.to.h += 64;
        if ((rc = bind_to(file, &other, out, err)))
            return rc;
        its_graph_destroy(out);
    }
    return bind_to(file, &s, out, err);
}
