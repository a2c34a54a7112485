/* Concat, Split and everything that only renames dimensions: copies of runs of memory, where the
 * plan did not already put the parts where they belong (plan_views.c). */
#include "nn/backend.h"

#include <string.h>

#include "nn/param.h"
#include "nn/pass.h"

static int axis_of(const struct its_node *n, const struct its_value *v)
{
    int axis = 0;
    its_axis_of(n, 0, v->shape.rank, &axis, NULL);
    return axis;
}

static bool joins_channels(const struct its_node *n, const struct its_value *whole)
{
    return its_value_is_picture(whole) && its_node_along_channels(n, whole);
}

/* Every part begins at a multiple of 16 channels. */
static bool parts_align(struct its_value *const *part, int count)
{
    for (int i = 0; i + 1 < count; i++)
        if (part[i]->shape.dim[1] % 16 != 0)
            return false;
    return true;
}

bool its_value_moves_as(enum its_dtype type, const struct its_value *from,
                        const struct its_value *to)
{
    const struct its_quant *a = &from->quant, *b = &to->quant;
    if (type != ITS_U8 && type != ITS_S8)
        return true;
    return a->count == b->count &&
           (a->count == 0 || (a->scale[0] == b->scale[0] && a->zero[0] == b->zero[0]));
}

/* The type in which a concat's inputs are copied: its own integers, or what all have so far, or
 * f32. */
static enum its_dtype concat_type(const struct its_node *n, const struct its_form *in)
{
    enum its_dtype type = n->out[0]->quant.count ? n->out[0]->type : in[0].type;
    for (int i = 0; i < n->in_count; i++)
        if (!its_value_moves_as(type, n->in[i], n->out[0]) ||
            (!n->out[0]->quant.count && in[i].type != type))
            return ITS_F32;
    return type;
}

static bool concat_takes(const struct its_node *n, struct its_form *in, struct its_form *out)
{
    if (!its_node_is(n, "Concat"))
        return false;
    struct its_form form = {concat_type(n, in), ITS_LAYOUT_PLANES};
    for (int i = 0; i < n->in_count; i++)
        if (in[i].layout == ITS_LAYOUT_C16)
            form.layout = ITS_LAYOUT_C16;
    if (!joins_channels(n, n->out[0]) || !parts_align(n->in, n->in_count))
        form.layout = ITS_LAYOUT_PLANES;
    for (int i = 0; i < n->in_count; i++)
        in[i] = form;
    out[0] = form;
    return true;
}

static bool split_takes(const struct its_node *n, struct its_form *in, struct its_form *out)
{
    if (!its_node_is(n, "Split"))
        return false;
    bool keep = joins_channels(n, n->in[0]) && parts_align(n->out, n->out_count);
    if (!keep)
        in[0].layout = ITS_LAYOUT_PLANES;
    for (int i = 0; i < n->out_count; i++)
        if (!its_value_moves_as(in[0].type, n->in[0], n->out[i]))
            in[0].type = ITS_F32;
    for (int i = 0; i < n->out_count; i++)
        out[i] = in[0];
    return true;
}

static bool reshape_takes(const struct its_node *n, struct its_form *in, struct its_form *out)
{
    static const char *const op[] = {"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity"};
    for (int i = 0; i < (int)ITS_ARRAY_LEN(op); i++)
        if (its_node_is(n, op[i])) {
            in[0].layout = ITS_LAYOUT_PLANES;
            if (!its_value_moves_as(in[0].type, n->in[0], n->out[0]))
                in[0].type = ITS_F32;
            out[0] = in[0];
            return true;
        }
    return false;
}

/* Elements of one index of the axes before `axis`, in the place's layout; *outer: how many. */
static int64_t run_length(const struct its_value *v, const struct its_place *p, int64_t axis,
                          int64_t *outer)
{
    *outer = 1;
    if (p->layout != ITS_LAYOUT_PLANES)
        return p->image_stride;
    for (int64_t i = 0; i < axis; i++)
        *outer *= v->shape.dim[i];
    return *outer ? its_shape_count(&v->shape) / *outer : 0;
}

static void copy_runs(char *to, int64_t to_step, const char *from, int64_t from_step, int64_t bytes,
                      int64_t count)
{
    if (to == from && (to_step == from_step || count == 1))
        return;
    for (int64_t i = 0; i < count; i++)
        memcpy(to + i * to_step, from + i * from_step, (size_t)bytes);
}

static int concat_run(const struct its_bound *b)
{
    const struct its_node *n = b->step->node;
    const struct its_place *to = b->step->out_place[0];
    int64_t bytes = (int64_t)its_dtype_bytes(to->type), outer;
    int64_t axis = axis_of(n, n->out[0]);
    int64_t whole = run_length(n->out[0], to, axis, &outer) * bytes, at = 0;
    for (int i = 0; i < n->in_count; i++) {
        int64_t run = run_length(n->in[i], b->step->in_place[i], axis, &outer) * bytes;
        copy_runs((char *)b->out[0] + at, whole, b->in[i], run, run, outer);
        at += run;
    }
    return 0;
}

static int split_run(const struct its_bound *b)
{
    const struct its_node *n = b->step->node;
    const struct its_place *from = b->step->in_place[0];
    int64_t bytes = (int64_t)its_dtype_bytes(from->type), outer;
    int64_t axis = axis_of(n, n->in[0]);
    int64_t whole = run_length(n->in[0], from, axis, &outer) * bytes, at = 0;
    for (int i = 0; i < n->out_count; i++) {
        int64_t run = run_length(n->out[i], b->step->out_place[i], axis, &outer) * bytes;
        copy_runs(b->out[i], run, (const char *)b->in[0] + at, whole, run, outer);
        at += run;
    }
    return 0;
}

static int reshape_run(const struct its_bound *b)
{
    const struct its_place *p = b->step->out_place[0];
    if (b->out[0] != b->in[0])
        memcpy(b->out[0], b->in[0], (size_t)(p->n * p->image_stride) * its_dtype_bytes(p->type));
    return 0;
}

const struct its_kernel its_kernel_concat = {
    .name = "concat", .takes = concat_takes, .run = concat_run, .alias = true};
const struct its_kernel its_kernel_split = {
    .name = "split", .takes = split_takes, .run = split_run, .alias = true};
const struct its_kernel its_kernel_reshape = {
    .name = "rename", .takes = reshape_takes, .run = reshape_run, .alias = true};
