/* Convolutions by our own direct kernels (cpu/conv.h): integers always, f32 where they beat
 * oneDNN's. The rows of the result are shared out between the threads. */
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "nn/backend.h"
#include "nn/cpu/conv.h"
#include "nn/param.h"
#include "nn/pass.h"
#include "nn/plan.h"

struct direct {
    struct its_conv_desc desc;
    enum its_conv_isa isa;
    struct its_conv *packed; /* until the plan has a place for it */
    size_t scratch;          /* of one thread */
};

/* --- which */

static bool is_plain(const struct its_node *n, enum its_dtype weights)
{
    const struct its_value *bias = its_node_in(n, 2);
    if (!its_node_is(n, "Conv") || !its_value_is_picture(n->in[0]) || !n->in[1]->data ||
        n->in[1]->type != weights || (bias && (!bias->data || bias->type != ITS_F32)))
        return false;
    struct its_window w;
    int64_t in = n->in[0]->shape.dim[1], out = n->out[0]->shape.dim[1];
    return its_window_of(n, &w, NULL) == 0 && w.dilation[0] == 1 && w.dilation[1] == 1 &&
           w.stride[0] == w.stride[1] && (w.group == 1 || (w.group == in && in == out));
}

static bool reads_planes(const struct its_node *n)
{
    return n->in[0]->shape.dim[1] <= 4 && its_node_int(n, "group", 1) == 1;
}

static void set_forms(const struct its_node *n, enum its_dtype in_type, enum its_dtype out_type,
                      struct its_form *in, struct its_form *out)
{
    in[0] = (struct its_form){in_type, reads_planes(n) ? ITS_LAYOUT_PLANES : ITS_LAYOUT_C16};
    out[0] = (struct its_form){out_type, ITS_LAYOUT_C16};
    if (n->add)
        in[n->in_count] = out[0];
}

/* A plain node's step; add: NULL when there is none. */
static struct its_conv_desc describe(const struct its_node *n, const struct its_place *in,
                                     const struct its_place *out, const struct its_place *add)
{
    struct its_window w;
    its_assert(its_window_of(n, &w, NULL) == 0);
    struct its_conv_desc d = {.math = n->in[1]->type == ITS_S8 ? ITS_CONV_INT8 : ITS_CONV_F32,
                              .in = *in,
                              .out = *out,
                              .kernel_h = (int)w.kernel[0],
                              .kernel_w = (int)w.kernel[1],
                              .stride = (int)w.stride[0],
                              .pad_top = (int)w.pad[0],
                              .pad_left = (int)w.pad[1],
                              .groups = (int)w.group,
                              .act = n->act,
                              .act_alpha = n->act_alpha};
    if (add)
        d.add = *add;
    if (d.math == ITS_CONV_INT8 && d.in.type == ITS_F32) { /* quantised on the way */
        d.in.scale = n->in[0]->quant.scale[0];
        d.in.zero = n->in[0]->quant.zero[0];
    }
    return d;
}

/* By our vector kernels, values in these forms: the plain loops are for what nobody else runs. */
static bool is_fast(const struct its_node *n, const struct its_form *in, const struct its_form *out)
{
    struct its_place from = its_place_of(n->in[0], in[0]), to = its_place_of(n->out[0], out[0]);
    struct its_place add = n->add ? its_place_of(n->add, in[n->in_count]) : to;
    struct its_conv_desc d = describe(n, &from, &to, n->add ? &add : NULL);
    return its_conv_can(&d) == ITS_CONV_AVX512;
}

static bool has_steps(const struct its_value *v)
{
    return v->quant.count == 1;
}

bool its_conv_is_integer(const struct its_node *n)
{
    struct its_form in[4], out[1];
    if (!is_plain(n, ITS_S8) || !has_steps(n->in[0]) || n->in_count >= (int)ITS_ARRAY_LEN(in))
        return false;
    set_forms(n, ITS_U8, ITS_F32, in, out);
    return is_fast(n, in, out);
}

/* Quantised in and weights; the result is quantised when it is marked so, and the residual too. */
static bool takes_int8(const struct its_node *n, struct its_form *in, struct its_form *out)
{
    if (!its_conv_is_integer(n))
        return false;
    bool integers = n->out[0]->type == ITS_U8 && (!n->add || n->add->type == ITS_U8);
    /* Three channels of reals: quantised as they are read. */
    set_forms(n, reads_planes(n) ? n->in[0]->type : ITS_U8, integers ? ITS_U8 : ITS_F32, in, out);
    return true;
}

/* Where oneDNN's kernels wait for memory: an activation behind few products per value, on pictures
 * of some size (bench-conv on Zen 5: 1.01 to 1.21 times faster; elsewhere oneDNN's are better). A
 * rule and not a race: races choose otherwise from run to run, and results would with them. */
static bool takes_f32(const struct its_node *n, struct its_form *in, struct its_form *out)
{
    if (its_cpu_best() < ITS_CPU_AVX512 || n->act == ITS_ACT_NONE || !is_plain(n, ITS_F32) ||
        its_node_int(n, "group", 1) != 1)
        return false;
    const int64_t *o = n->out[0]->shape.dim, *w = n->in[1]->shape.dim;
    struct its_window win;
    its_assert(its_window_of(n, &win, NULL) == 0);
    bool point = w[2] == 1 && w[3] == 1 && w[1] <= 256;
    bool few = w[1] == 16 && win.stride[0] == 1 && w[0] >= w[1];
    if (o[2] * o[3] < 40 * 40 || (!point && !few))
        return false;
    set_forms(n, ITS_F32, ITS_F32, in, out);
    return is_fast(n, in, out);
}

/* --- the kernel */

static void release(struct its_step *s)
{
    struct direct *c = s->state;
    if (c)
        free(c->packed);
    free(c);
    s->state = NULL;
}

static int prepare(struct its_step *s, struct its_error *err)
{
    struct direct *c = s->state = its_malloc(sizeof(*c));
    const struct its_node *n = s->node;
    c->desc =
        describe(n, s->in_place[0], s->out_place[0], n->add ? s->in_place[n->in_count] : NULL);
    c->isa = its_conv_can(&c->desc);
    if (c->isa == ITS_CONV_NONE) {
        release(s);
        return its_error_set(err, ITS_EUNSUPPORTED, "a convolution that no kernel of ours runs");
    }
    const struct its_value *bias = its_node_in(n, 2);
    struct its_conv_weights w = {.f32 = n->in[1]->type == ITS_F32 ? n->in[1]->data : NULL,
                                 .s8 = n->in[1]->type == ITS_S8 ? n->in[1]->data : NULL,
                                 .scale = n->in[1]->quant.scale,
                                 .bias = bias ? bias->data : NULL};
    s->weight_bytes = its_conv_bytes(&c->desc, c->isa);
    c->packed = its_try_aligned(s->weight_bytes);
    if (!c->packed) {
        release(s);
        return its_error_set(err, -ENOMEM, "no memory for its weights");
    }
    its_conv_prepare(&c->desc, c->isa, &w, c->packed);
    c->scratch = (its_conv_scratch_bytes(c->packed) + 63) / 64 * 64;
    s->scratch_bytes = c->scratch * (size_t)s->threads;
    s->how = c->isa == ITS_CONV_AVX512 ? "direct avx512" : "direct c";
    return 0;
}

static int pack(const struct its_step *s, void *weights)
{
    struct direct *c = s->state;
    if (weights)
        memcpy(weights, c->packed, s->weight_bytes);
    free(c->packed);
    c->packed = NULL;
    return 0;
}

static int run(const struct its_bound *b)
{
    const struct its_step *s = b->step;
    const struct direct *c = s->state;
    const void *add = c->desc.add.c ? b->in[s->node->in_count] : NULL;
    int rows = c->desc.out.n * c->desc.out.h, threads = s->threads;
#pragma omp parallel for num_threads(threads) if (threads > 1)
    for (int i = 0; i < threads; i++)
        its_conv_run(s->weights, b->in[0], b->out[0], add, rows * i / threads,
                     rows * (i + 1) / threads, (char *)b->scratch + (size_t)i * c->scratch);
    return 0;
}

const struct its_kernel its_kernel_conv_int8 = {.name = "direct int8",
                                                .takes = takes_int8,
                                                .prepare = prepare,
                                                .pack = pack,
                                                .release = release,
                                                .run = run};
const struct its_kernel its_kernel_conv_f32 = {.name = "direct f32",
                                               .takes = takes_f32,
                                               .prepare = prepare,
                                               .pack = pack,
                                               .release = release,
                                               .run = run};
