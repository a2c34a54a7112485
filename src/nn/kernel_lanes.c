/* What lies between the convolutions, by the vector loops of lanes/: pictures stay in blocks of 16
 * channels throughout, and every block is a task of its own. */
#include <string.h>

#include "nn/backend.h"
#include "nn/fused.h"
#include "nn/lanes/lanes.h"
#include "nn/param.h"
#include "nn/pass.h"

static const struct its_lanes *lanes(void)
{
    return its_lanes_of(its_cpu_best());
}

static bool is_blocks(const struct its_value *v, const struct its_form *form)
{
    return its_value_is_picture(v) && form->layout == ITS_LAYOUT_C16;
}

/* The result in the form of the input, which becomes reals when its integers mean other numbers. */
static void keep_form(const struct its_node *n, struct its_form *in, struct its_form *out)
{
    if (!its_value_moves_as(in[0].type, n->in[0], n->out[0]))
        in[0].type = ITS_F32;
    out[0] = in[0];
}

static int block_count(const struct its_place *p)
{
    return (p->c + 15) / 16;
}

/* --- max pooling */

static bool pool_takes(const struct its_node *n, struct its_form *in, struct its_form *out)
{
    if (!its_node_is(n, "MaxPool") || n->out_count != 1 || !is_blocks(n->in[0], &in[0]))
        return false;
    struct its_window w;
    if (its_window_of(n, &w, NULL) < 0 || w.dilation[0] != 1 || w.dilation[1] != 1)
        return false;
    keep_form(n, in, out);
    return true;
}

static struct its_lanes_pool pool_of(const struct its_step *s)
{
    struct its_window w;
    its_assert(its_window_of(s->node, &w, NULL) == 0);
    struct its_lanes_pool p = {
        .h = (int)w.in[0], .w = (int)w.in[1], .oh = (int)w.out[0], .ow = (int)w.out[1]};
    for (int i = 0; i < 2; i++) {
        p.kernel[i] = (int)w.kernel[i];
        p.stride[i] = (int)w.stride[i];
        p.pad[i] = (int)w.pad[i];
    }
    return p;
}

static int pool_prepare(struct its_step *s, struct its_error *err)
{
    struct its_lanes_pool p = pool_of(s);
    s->scratch_bytes = its_lanes_pool_scratch(&p) * (size_t)block_count(s->in_place[0]);
    return 0;
}

static int pool_run(const struct its_bound *b)
{
    const struct its_place *in = b->step->in_place[0], *out = b->step->out_place[0];
    struct its_lanes_pool p = pool_of(b->step);
    size_t bytes = its_dtype_bytes(in->type), scratch = its_lanes_pool_scratch(&p);
#pragma omp parallel for num_threads(b->step->threads) if (b->step->threads > 1)
    for (int i = 0; i < block_count(in); i++)
        lanes()->pool(&p, in->type, (const char *)b->in[0] + (size_t)(i * in->block_stride) * bytes,
                      (char *)b->out[0] + (size_t)(i * out->block_stride) * bytes,
                      (char *)b->scratch + (size_t)i * scratch);
    return 0;
}

/* --- enlarging */

/* Whole factors, where pixel x comes from floor(x / factor). */
static bool enlarges(const struct its_node *n)
{
    const struct its_shape *a = &n->in[0]->shape, *b = &n->out[0]->shape;
    if (!its_node_is(n, "Resize") || a->rank != 4 || a->dim[0] != b->dim[0] ||
        a->dim[1] != b->dim[1])
        return false;
    const char *where = its_node_string(n, "coordinate_transformation_mode", "half_pixel");
    const char *nearest = its_node_string(n, "nearest_mode", "round_prefer_floor");
    return strcmp(its_node_string(n, "mode", "nearest"), "nearest") == 0 &&
           strcmp(where, "asymmetric") == 0 && strcmp(nearest, "floor") == 0 && a->dim[2] > 0 &&
           a->dim[3] > 0 && b->dim[2] % a->dim[2] == 0 && b->dim[3] % a->dim[3] == 0;
}

static bool enlarge_takes(const struct its_node *n, struct its_form *in, struct its_form *out)
{
    if (!enlarges(n) || !is_blocks(n->in[0], &in[0]))
        return false;
    keep_form(n, in, out);
    return true;
}

static int enlarge_run(const struct its_bound *b)
{
    const struct its_place *in = b->step->in_place[0], *out = b->step->out_place[0];
    size_t bytes = its_dtype_bytes(in->type);
#pragma omp parallel for num_threads(b->step->threads) if (b->step->threads > 1)
    for (int i = 0; i < block_count(in); i++)
        lanes()->enlarge((const char *)b->in[0] + (size_t)(i * in->block_stride) * bytes,
                         (char *)b->out[0] + (size_t)(i * out->block_stride) * bytes, in->h, in->w,
                         out->h / in->h, out->w / in->w, 16 * bytes);
    return 0;
}

/* --- attention */

static bool attention_takes(const struct its_node *n, struct its_form *in, struct its_form *out)
{
    if (!its_node_is_fused(n, &its_op_attention))
        return false;
    out[0] = (struct its_form){ITS_F32, ITS_LAYOUT_PLANES};
    for (int i = 0; i < 3; i++)
        in[i] = out[0];
    return true;
}

static struct its_lanes_attention attention_of(const struct its_step *s)
{
    const int64_t *q = s->node->in[0]->shape.dim, *v = s->node->in[2]->shape.dim;
    return (struct its_lanes_attention){.heads = (int)q[1],
                                        .tokens = (int)q[3],
                                        .key = (int)q[2],
                                        .value = (int)v[2],
                                        .scale = its_node_float(s->node, "scale", 1)};
}

static int attention_prepare(struct its_step *s, struct its_error *err)
{
    struct its_lanes_attention a = attention_of(s);
    s->scratch_bytes = its_lanes_attention_scratch(&a) * (size_t)s->threads;
    return 0;
}

static int attention_run(const struct its_bound *b)
{
    struct its_lanes_attention a = attention_of(b->step);
    int parts = its_lanes_attention_parts(&a), threads = b->step->threads;
    size_t scratch = its_lanes_attention_scratch(&a);
#pragma omp parallel for num_threads(threads) if (threads > 1)
    for (int i = 0; i < threads; i++)
        lanes()->attention(&a, b->in[0], b->in[1], b->in[2], b->out[0], parts * i / threads,
                           parts * (i + 1) / threads, (char *)b->scratch + (size_t)i * scratch);
    return 0;
}

/* --- a YOLO head */

static bool head_takes(const struct its_node *n, struct its_form *in, struct its_form *out)
{
    if (!its_node_is_fused(n, &its_op_head))
        return false;
    for (int i = 0; i < n->in_count; i++)
        in[i] = (struct its_form){ITS_F32, ITS_LAYOUT_C16};
    out[0] = (struct its_form){ITS_F32, ITS_LAYOUT_PLANES};
    return true;
}

static int head_run(const struct its_bound *b)
{
    const struct its_node *n = b->step->node;
    int count, classes = (int)n->in[1]->shape.dim[1];
    const int64_t *stride = its_node_ints(n, "strides", &count);
    int64_t anchors = n->out[0]->shape.dim[2], at = 0;
    for (int i = 0; i < count; i++) {
        const struct its_place *p = b->step->in_place[2 * i];
        struct its_lanes_level level = {.box = b->in[2 * i],
                                        .score = b->in[2 * i + 1],
                                        .w = p->w,
                                        .h = p->h,
                                        .stride = (float)stride[i]};
        int cells = p->w * p->h, parts = ITS_MIN(b->step->threads, cells / 64 + 1);
#pragma omp parallel for num_threads(parts) if (parts > 1)
        for (int k = 0; k < parts; k++)
            lanes()->decode(&level, classes, (float *)b->out[0] + at, anchors,
                            cells * k / parts / 16 * 16,
                            k + 1 < parts ? cells * (k + 1) / parts / 16 * 16 : cells);
        at += (int64_t)p->w * p->h;
    }
    return 0;
}

const struct its_kernel its_kernel_pool = {
    .name = "pool", .takes = pool_takes, .prepare = pool_prepare, .run = pool_run};
const struct its_kernel its_kernel_enlarge = {
    .name = "enlarge", .takes = enlarge_takes, .run = enlarge_run};
const struct its_kernel its_kernel_attention = {.name = "attention",
                                                .takes = attention_takes,
                                                .prepare = attention_prepare,
                                                .run = attention_run};
const struct its_kernel its_kernel_head = {.name = "decode", .takes = head_takes, .run = head_run};
