/* Convolutions by oneDNN: pictures in blocks of 16 channels (the first one reads planes), bias,
 * activation and residual fused, f32 or bf16.
 *
 * A plan works on one picture, so the parts of concats and splits are dense tensors for oneDNN and
 * keep its fast kernels. Scratch memory comes from the plan. The weights are kept as the primitive
 * wants them, the bias behind them. */
#include "nn/onednn/conv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/onednn/dnnl_compat.h"
#include "nn/param.h"
#include "nn/pass.h"

struct conv {
    dnnl_engine_t engine;
    dnnl_primitive_t primitive;
    dnnl_primitive_desc_t pd;
    its_own_md src, weights, bias, dst, add;
    int add_arg;    /* of execute; 0: no residual */
    size_t bias_at; /* bytes into the packed weights; 0: no bias */
    char how[48];
};

/* --- which */

static const struct its_value *bias_of(const struct its_node *n)
{
    return its_node_in(n, 2);
}

static bool is_constant(const struct its_value *v)
{
    return v->data && v->type == ITS_F32;
}

static bool can(const struct its_node *n)
{
    if (!its_node_is(n, "Conv") || !its_value_is_picture(n->in[0]) || !is_constant(n->in[1]) ||
        (bias_of(n) && !is_constant(bias_of(n))))
        return false;
    int64_t group = its_node_int(n, "group", 1), in = n->in[0]->shape.dim[1];
    int64_t out = n->out[0]->shape.dim[1];
    bool depthwise = group == in && group == out;
    return group == 1 || depthwise || (in / group % 16 == 0 && out / group % 16 == 0);
}

static void set_forms(const struct its_node *n, enum its_dtype src, enum its_dtype dst,
                      struct its_form *in, struct its_form *out)
{
    bool planes = n->in[0]->shape.dim[1] <= 4 && its_node_int(n, "group", 1) == 1;
    in[0] = (struct its_form){src, planes ? ITS_LAYOUT_PLANES : ITS_LAYOUT_C16};
    out[0] = (struct its_form){dst, ITS_LAYOUT_C16};
    if (n->add)
        in[n->in_count] = out[0];
}

static bool takes_f32(const struct its_node *n, struct its_form *in, struct its_form *out)
{
    if (!can(n))
        return false;
    set_forms(n, ITS_F32, ITS_F32, in, out);
    return true;
}

/* What no activation follows is a head's raw output or goes to attention: kept exact. */
static bool takes_bf16(const struct its_node *n, struct its_form *in, struct its_form *out)
{
    if (!can(n))
        return false;
    bool raw = n->act == ITS_ACT_NONE && !n->add;
    set_forms(n, ITS_BF16, raw ? ITS_F32 : ITS_BF16, in, out);
    return true;
}

bool its_onednn_has_bf16(void)
{
    return dnnl_get_effective_cpu_isa() >= dnnl_cpu_isa_avx512_core_bf16;
}

int its_onednn_version(void)
{
    const dnnl_version_t *v = dnnl_version();
    return v->major * 10000 + v->minor * 100 + v->patch;
}

/* --- descriptors */

static dnnl_data_type_t dnnl_type(enum its_dtype t)
{
    return t == ITS_BF16 ? dnnl_bf16 : dnnl_f32;
}

/* Channels the convolution reads. With an odd number of them oneDNN falls back to plain loops
 * (570 ms for 8 of them where 0.7 would do), so the zeros behind them count as channels too. */
static int64_t channels_in(const struct its_node *n, const struct its_place *p)
{
    bool padded = p->layout == ITS_LAYOUT_C16 && its_node_int(n, "group", 1) == 1;
    return padded ? (p->c + 15) / 16 * 16 : p->c;
}

static dnnl_status_t describe_picture(its_own_md *md, const struct its_place *p, int64_t channels)
{
    dnnl_dims_t dims = {p->n, channels, p->h, p->w};
    return its_md_init(md, 4, dims, dnnl_type(p->type),
                       p->layout == ITS_LAYOUT_PLANES ? dnnl_nchw : dnnl_nChw16c);
}

/* Weights as in the file are (out, in / group, h, w): oneDNN wants the groups apart. */
static dnnl_status_t describe_weights(its_own_md *md, const struct its_node *n, int64_t channels,
                                      enum its_dtype type, bool any)
{
    const int64_t *d = n->in[1]->shape.dim;
    int64_t group = its_node_int(n, "group", 1);
    dnnl_dims_t plain = {d[0], channels, d[2], d[3]};
    dnnl_dims_t grouped = {group, d[0] / group, d[1], d[2], d[3]};
    dnnl_format_tag_t tag = group > 1 ? dnnl_goihw : dnnl_oihw;
    return its_md_init(md, group > 1 ? 5 : 4, group > 1 ? grouped : plain, dnnl_type(type),
                       any ? dnnl_format_tag_any : tag);
}

static dnnl_status_t append_act(dnnl_post_ops_t ops, enum its_act act, float alpha)
{
    switch (act) {
    case ITS_ACT_NONE:
        break;
    case ITS_ACT_SILU:
        return its_post_eltwise(ops, dnnl_eltwise_swish, 1, 0);
    case ITS_ACT_RELU:
        return its_post_eltwise(ops, dnnl_eltwise_relu, 0, 0);
    case ITS_ACT_SIGMOID:
        return its_post_eltwise(ops, dnnl_eltwise_logistic, 0, 0);
    case ITS_ACT_LEAKY:
        return its_post_eltwise(ops, dnnl_eltwise_relu, alpha, 0);
    case ITS_ACT_HARD_SWISH:
        return its_post_eltwise(ops, dnnl_eltwise_hardswish, 1.f / 6, 0.5f);
    }
    return dnnl_success;
}

static dnnl_status_t make_attr(struct conv *c, const struct its_node *n, dnnl_primitive_attr_t attr)
{
    dnnl_post_ops_t ops;
    dnnl_status_t rc = dnnl_post_ops_create(&ops);
    if (rc != dnnl_success)
        return rc;
    rc = append_act(ops, n->act, n->act_alpha);
    if (rc == dnnl_success && n->add) {
        c->add_arg = DNNL_ARG_ATTR_MULTIPLE_POST_OP(dnnl_post_ops_len(ops)) | DNNL_ARG_SRC_1;
        rc = dnnl_post_ops_append_binary(ops, dnnl_binary_add, its_md_of(&c->add));
    }
    if (rc == dnnl_success)
        rc = dnnl_primitive_attr_set_post_ops(attr, ops);
    if (rc == dnnl_success)
        rc = dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user);
    dnnl_post_ops_destroy(ops);
    return rc;
}

static dnnl_status_t make_window(const struct its_node *n, struct its_dnnl_window *to)
{
    struct its_window w;
    if (its_window_of(n, &w, NULL) < 0)
        return dnnl_invalid_arguments;
    for (int i = 0; i < 2; i++) {
        to->stride[i] = w.stride[i];
        to->dilation[i] = w.dilation[i] - 1;
        to->pad[i] = w.pad[i];
        to->pad_after[i] = w.pad_after[i];
    }
    return dnnl_success;
}

static dnnl_status_t describe(struct conv *c, const struct its_step *s)
{
    const struct its_node *n = s->node;
    enum its_dtype type = s->in_place[0]->type;
    dnnl_dims_t channels = {s->out_place[0]->c};
    dnnl_status_t rc = describe_picture(&c->src, s->in_place[0], channels_in(n, s->in_place[0]));
    if (rc == dnnl_success)
        rc = describe_picture(&c->dst, s->out_place[0], s->out_place[0]->c);
    if (rc == dnnl_success && n->add)
        rc = describe_picture(&c->add, s->in_place[n->in_count], s->out_place[0]->c);
    if (rc == dnnl_success)
        rc = describe_weights(&c->weights, n, channels_in(n, s->in_place[0]), type, true);
    if (rc == dnnl_success && bias_of(n))
        rc = its_md_init(&c->bias, 1, channels, dnnl_f32, dnnl_x);
    return rc;
}

static dnnl_status_t make_primitive(struct conv *c, const struct its_step *s)
{
    struct its_dnnl_window window;
    dnnl_primitive_attr_t attr;
    dnnl_status_t rc = describe(c, s);
    if (rc == dnnl_success)
        rc = make_window(s->node, &window);
    if (rc == dnnl_success)
        rc = dnnl_primitive_attr_create(&attr);
    if (rc != dnnl_success)
        return rc;
    rc = make_attr(c, s->node, attr);
    if (rc == dnnl_success)
        rc = its_dnnl_conv(&c->pd, c->engine, its_md_of(&c->src), its_md_of(&c->weights),
                           bias_of(s->node) ? its_md_of(&c->bias) : NULL, its_md_of(&c->dst),
                           &window, attr);
    if (rc == dnnl_success)
        rc = dnnl_primitive_create(&c->primitive, c->pd);
    dnnl_primitive_attr_destroy(attr);
    return rc;
}

/* --- the kernel */

static its_md weights_md(const struct conv *c)
{
    return dnnl_primitive_desc_query_md(c->pd, dnnl_query_weights_md, 0);
}

static void release(struct its_step *s)
{
    struct conv *c = s->state;
    if (!c)
        return;
    if (c->primitive)
        dnnl_primitive_destroy(c->primitive);
    if (c->pd)
        dnnl_primitive_desc_destroy(c->pd);
    if (c->engine)
        dnnl_engine_destroy(c->engine);
    its_md_fini(&c->src);
    its_md_fini(&c->weights);
    its_md_fini(&c->bias);
    its_md_fini(&c->dst);
    its_md_fini(&c->add);
    free(c);
    s->state = NULL;
}

static int prepare(struct its_step *s, struct its_error *err)
{
    struct conv *c = s->state = its_malloc(sizeof(*c));
    dnnl_status_t rc = dnnl_engine_create(&c->engine, dnnl_cpu, 0);
    if (rc == dnnl_success)
        rc = make_primitive(c, s);
    if (rc != dnnl_success) {
        release(s);
        return its_error_set(err, rc == dnnl_out_of_memory ? -ENOMEM : ITS_EUNSUPPORTED,
                             "oneDNN makes no convolution of it (status %d)", (int)rc);
    }
    const char *how = "";
    dnnl_primitive_desc_query(c->pd, dnnl_query_impl_info_str, 0, &how);
    snprintf(c->how, sizeof(c->how), "onednn %s", how);
    s->how = c->how;
    s->weight_bytes = dnnl_memory_desc_get_size(weights_md(c));
    s->scratch_bytes =
        dnnl_memory_desc_get_size(dnnl_primitive_desc_query_md(c->pd, dnnl_query_scratchpad_md, 0));
    if (bias_of(s->node)) {
        c->bias_at = (s->weight_bytes + 63) / 64 * 64;
        s->weight_bytes = c->bias_at + (size_t)s->out_place[0]->c * sizeof(float);
    }
    return 0;
}

static dnnl_status_t reorder(struct conv *c, its_md from_md, void *from, its_md to_md, void *to)
{
    dnnl_primitive_desc_t pd = NULL;
    dnnl_primitive_t primitive = NULL;
    dnnl_stream_t stream = NULL;
    dnnl_memory_t a = NULL, b = NULL;
    dnnl_status_t rc =
        dnnl_reorder_primitive_desc_create(&pd, from_md, c->engine, to_md, c->engine, NULL);
    if (rc == dnnl_success)
        rc = dnnl_primitive_create(&primitive, pd);
    if (rc == dnnl_success)
        rc = dnnl_stream_create(&stream, c->engine, dnnl_stream_default_flags);
    if (rc == dnnl_success)
        rc = dnnl_memory_create(&a, from_md, c->engine, from);
    if (rc == dnnl_success)
        rc = dnnl_memory_create(&b, to_md, c->engine, to);
    if (rc == dnnl_success) {
        dnnl_exec_arg_t args[] = {{DNNL_ARG_FROM, a}, {DNNL_ARG_TO, b}};
        rc = dnnl_primitive_execute(primitive, stream, 2, args);
    }
    dnnl_memory_destroy(b);
    dnnl_memory_destroy(a);
    dnnl_stream_destroy(stream);
    dnnl_primitive_destroy(primitive);
    dnnl_primitive_desc_destroy(pd);
    return rc;
}

/* The file's weights with zeros for the channels that are only padding; the caller frees. */
static float *pad_weights(const struct its_value *w, int64_t channels)
{
    const int64_t *d = w->shape.dim;
    int64_t taps = d[2] * d[3];
    float *padded = its_try_calloc((size_t)(d[0] * channels), (size_t)taps * sizeof(float));
    for (int64_t m = 0; padded && m < d[0]; m++)
        memcpy(padded + m * channels * taps, (const float *)w->data + m * d[1] * taps,
               (size_t)(d[1] * taps) * sizeof(float));
    return padded;
}

static int pack(const struct its_step *s, void *weights)
{
    struct conv *c = s->state;
    const struct its_node *n = s->node;
    if (!weights)
        return 0;
    int64_t channels = channels_in(n, s->in_place[0]);
    float *padded = channels > s->in_place[0]->c ? pad_weights(n->in[1], channels) : NULL;
    its_own_md plain;
    dnnl_status_t rc = describe_weights(&plain, n, channels, ITS_F32, false);
    if (rc == dnnl_success && channels > s->in_place[0]->c && !padded)
        rc = dnnl_out_of_memory;
    if (rc == dnnl_success)
        rc =
            reorder(c, its_md_of(&plain), padded ? padded : n->in[1]->data, weights_md(c), weights);
    its_md_fini(&plain);
    free(padded);
    if (bias_of(n))
        memcpy((char *)weights + c->bias_at, bias_of(n)->data,
               (size_t)s->out_place[0]->c * sizeof(float));
    return rc == dnnl_success ? 0 : -ENOMEM;
}

/* oneDNN's handles on the addresses of one context. */
struct handles {
    dnnl_stream_t stream;
    dnnl_memory_t src, weights, bias, dst, add, scratch;
    int count;
    dnnl_exec_arg_t arg[6];
    const void *src_at, *dst_at, *add_at; /* where they point now: external buffers move */
};

static dnnl_status_t add_arg(struct handles *h, dnnl_engine_t engine, dnnl_memory_t *memory,
                             int arg, its_md md, const void *data)
{
    dnnl_status_t rc = dnnl_memory_create(memory, md, engine, (void *)data);
    if (rc == dnnl_success)
        h->arg[h->count++] = (dnnl_exec_arg_t){arg, *memory};
    return rc;
}

static void unbind(struct its_bound *b)
{
    struct handles *h = b->state;
    if (!h)
        return;
    dnnl_memory_destroy(h->src);
    dnnl_memory_destroy(h->weights);
    dnnl_memory_destroy(h->bias);
    dnnl_memory_destroy(h->dst);
    dnnl_memory_destroy(h->add);
    dnnl_memory_destroy(h->scratch);
    dnnl_stream_destroy(h->stream);
    free(h);
    b->state = NULL;
}

/* Made without addresses: oneDNN would clear the padding of what lies there. */
static int bind(struct its_bound *b)
{
    const struct its_step *s = b->step;
    struct conv *c = s->state;
    struct handles *h = b->state = its_malloc(sizeof(*h));
    its_md scratch = dnnl_primitive_desc_query_md(c->pd, dnnl_query_scratchpad_md, 0);
    dnnl_status_t rc = dnnl_stream_create(&h->stream, c->engine, dnnl_stream_default_flags);
    if (rc == dnnl_success)
        rc = add_arg(h, c->engine, &h->src, DNNL_ARG_SRC, its_md_of(&c->src), DNNL_MEMORY_NONE);
    if (rc == dnnl_success)
        rc = add_arg(h, c->engine, &h->weights, DNNL_ARG_WEIGHTS, weights_md(c), s->weights);
    if (rc == dnnl_success && c->bias_at)
        rc = add_arg(h, c->engine, &h->bias, DNNL_ARG_BIAS, its_md_of(&c->bias),
                     (char *)s->weights + c->bias_at);
    if (rc == dnnl_success)
        rc = add_arg(h, c->engine, &h->dst, DNNL_ARG_DST, its_md_of(&c->dst), DNNL_MEMORY_NONE);
    if (rc == dnnl_success && c->add_arg)
        rc = add_arg(h, c->engine, &h->add, c->add_arg, its_md_of(&c->add), DNNL_MEMORY_NONE);
    if (rc == dnnl_success)
        rc = add_arg(h, c->engine, &h->scratch, DNNL_ARG_SCRATCHPAD, scratch, b->scratch);
    if (rc == dnnl_success)
        return 0;
    unbind(b);
    return -ENOMEM;
}

static void point(dnnl_memory_t memory, const void **at, const void *to)
{
    if (*at != to)
        dnnl_memory_set_data_handle(memory, (void *)(*at = to));
}

static int run(const struct its_bound *b)
{
    struct conv *c = b->step->state;
    struct handles *h = b->state;
    point(h->src, &h->src_at, b->in[0]);
    point(h->dst, &h->dst_at, b->out[0]);
    if (h->add)
        point(h->add, &h->add_at, b->in[b->step->in_count - 1]);
    dnnl_status_t rc = dnnl_primitive_execute(c->primitive, h->stream, h->count, h->arg);
    return rc == dnnl_success ? 0 : rc == dnnl_out_of_memory ? -ENOMEM : -EIO;
}

const struct its_kernel its_kernel_onednn_conv_f32 = {.name = "onednn conv",
                                                      .takes = takes_f32,
                                                      .prepare = prepare,
                                                      .pack = pack,
                                                      .cached = true,
                                                      .release = release,
                                                      .bind = bind,
                                                      .unbind = unbind,
                                                      .run = run};
const struct its_kernel its_kernel_onednn_conv_bf16 = {.name = "onednn conv bf16",
                                                       .takes = takes_bf16,
                                                       .prepare = prepare,
                                                       .pack = pack,
                                                       .cached = true,
                                                       .release = release,
                                                       .bind = bind,
                                                       .unbind = unbind,
                                                       .run = run};
