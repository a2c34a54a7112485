/* The 87 convolutions of YOLO11n at 640 x 640, batch 1, one core: ours against oneDNN, layer by
 * layer, with bias, SiLU and residual fused where the library can; both in turn, the best of a few
 * rounds. The machine's peak is measured first, with nothing but multiplications. usage: bench-conv
 * [int8|f32|bf16] [ROUNDS] */
#include <dnnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "nn/cpu/conv.h"

double its_bench_peak(enum its_conv_math math);

/* Channels in and out, size of the result, window, stride; how many of them the network has. */
struct layer {
    int in, out, size, window, stride, groups, act, add, count;
};

static const struct layer layers[] = {
    {3, 16, 320, 3, 2, 1, 1, 0, 1},     {16, 32, 160, 3, 2, 1, 1, 0, 1},
    {32, 32, 160, 1, 1, 1, 1, 0, 1},    {48, 64, 160, 1, 1, 1, 1, 0, 1},
    {16, 8, 160, 3, 1, 1, 1, 0, 1},     {8, 16, 160, 3, 1, 1, 1, 1, 1},
    {64, 64, 80, 3, 2, 1, 1, 0, 1},     {64, 64, 80, 1, 1, 1, 1, 0, 1},
    {96, 128, 80, 1, 1, 1, 1, 0, 1},    {32, 16, 80, 3, 1, 1, 1, 0, 2},
    {16, 32, 80, 3, 1, 1, 1, 1, 2},     {128, 128, 40, 3, 2, 1, 1, 0, 1},
    {128, 128, 40, 1, 1, 1, 1, 0, 1},   {192, 128, 40, 1, 1, 1, 1, 0, 4},
    {64, 32, 40, 1, 1, 1, 1, 0, 2},     {64, 64, 40, 1, 1, 1, 1, 0, 1},
    {32, 32, 40, 3, 1, 1, 1, 0, 2},     {32, 32, 40, 3, 1, 1, 1, 1, 2},
    {128, 256, 20, 3, 2, 1, 1, 0, 1},   {256, 256, 20, 1, 1, 1, 1, 0, 3},
    {384, 256, 20, 1, 1, 1, 1, 0, 3},   {128, 64, 20, 1, 1, 1, 1, 0, 4},
    {128, 128, 20, 1, 1, 1, 1, 0, 2},   {64, 64, 20, 3, 1, 1, 1, 0, 5},
    {64, 64, 20, 3, 1, 1, 1, 1, 4},     {256, 128, 20, 1, 1, 1, 1, 0, 1},
    {512, 256, 20, 1, 1, 1, 1, 0, 1},   {128, 256, 20, 1, 1, 1, 0, 0, 1},
    {128, 128, 20, 3, 1, 128, 0, 1, 1}, {128, 128, 20, 1, 1, 1, 0, 1, 1},
    {128, 256, 20, 1, 1, 1, 1, 0, 1},   {256, 128, 20, 1, 1, 1, 0, 1, 1},
    {384, 128, 40, 1, 1, 1, 1, 0, 1},   {64, 32, 40, 3, 1, 1, 1, 0, 2},
    {32, 64, 40, 3, 1, 1, 1, 1, 2},     {256, 64, 80, 1, 1, 1, 1, 0, 1},
    {96, 64, 80, 1, 1, 1, 1, 0, 1},     {64, 64, 40, 3, 2, 1, 1, 0, 1},
    {128, 128, 20, 3, 2, 1, 1, 0, 1},   {64, 64, 80, 3, 1, 1, 1, 0, 2},
    {64, 64, 80, 1, 1, 1, 0, 0, 1},     {64, 64, 80, 3, 1, 64, 1, 0, 1},
    {64, 80, 80, 1, 1, 1, 1, 0, 1},     {80, 80, 80, 3, 1, 80, 1, 0, 1},
    {80, 80, 80, 1, 1, 1, 1, 0, 1},     {80, 80, 80, 1, 1, 1, 0, 0, 1},
    {128, 64, 40, 3, 1, 1, 1, 0, 1},    {64, 64, 40, 3, 1, 1, 1, 0, 1},
    {64, 64, 40, 1, 1, 1, 0, 0, 1},     {128, 128, 40, 3, 1, 128, 1, 0, 1},
    {128, 80, 40, 1, 1, 1, 1, 0, 1},    {80, 80, 40, 3, 1, 80, 1, 0, 1},
    {80, 80, 40, 1, 1, 1, 1, 0, 1},     {80, 80, 40, 1, 1, 1, 0, 0, 1},
    {256, 64, 20, 3, 1, 1, 1, 0, 1},    {64, 64, 20, 1, 1, 1, 0, 0, 1},
    {256, 256, 20, 3, 1, 256, 1, 0, 1}, {256, 80, 20, 1, 1, 1, 1, 0, 1},
    {80, 80, 20, 3, 1, 80, 1, 0, 1},    {80, 80, 20, 1, 1, 1, 1, 0, 1},
    {80, 80, 20, 1, 1, 1, 0, 0, 1},
};

enum { MATHS = 3, LAYERS = sizeof layers / sizeof layers[0] };

static const char *const math_name[MATHS] = {"int8", "f32", "bf16"};
static const dnnl_data_type_t vendor_type[MATHS] = {dnnl_u8, dnnl_f32, dnnl_bf16};
static const enum its_dtype own_type[MATHS] = {ITS_U8, ITS_F32, ITS_BF16};

/* One layer, both ways, with memory of its own. */
struct pair {
    struct its_conv *conv;
    void *in, *out, *add, *scratch;
    dnnl_primitive_t vendor;
    dnnl_exec_arg_t args[4];
    double own_s, vendor_s, ops; /* best times */
    int rows;
};

static void *memory(size_t bytes)
{
    void *p = its_try_aligned((bytes + 127) / 64 * 64);
    if (!p)
        exit(1);
    for (size_t i = 0; i < bytes; i++)
        ((uint8_t *)p)[i] = (uint8_t)(i * 7 % 61); /* as f32 or bf16: small, not denormal */
    return p;
}

/* Activations: one piece of memory per role for all layers, as a plan has it, so that a layer finds
 * part of it in the caches. */
enum { OWN_IN, OWN_OUT, OWN_ADD, VENDOR_IN, VENDOR_OUT, ROLES };

static void *activations(int role, size_t bytes)
{
    static void *piece[ROLES];
    static const size_t most = 16 << 20;
    if (bytes > most)
        exit(1);
    if (!piece[role])
        piece[role] = memory(most);
    return piece[role];
}

static size_t place_bytes(const struct its_place *p)
{
    return (size_t)p->image_stride * its_dtype_bytes(p->type);
}

static struct its_place c16(enum its_dtype type, int c, int size)
{
    int64_t block = (int64_t)size * size * 16;
    return (struct its_place){
        type,  ITS_LAYOUT_C16,         1, c, size, size, 16, 16, block, (c + 15) / 16 * block,
        0.03f, type == ITS_U8 ? 10 : 0};
}

static struct its_place planes(enum its_dtype type, int c, int size)
{
    int64_t plane = (int64_t)size * size;
    return (struct its_place){
        type,  ITS_LAYOUT_PLANES,      1, c, size, size, 1, 1, plane, plane * c,
        0.03f, type == ITS_U8 ? 10 : 0};
}

static struct its_conv_desc desc_of(const struct layer *l, enum its_conv_math math)
{
    enum its_dtype t = own_type[math];
    struct its_conv_desc d = {.math = math,
                              .kernel_h = l->window,
                              .kernel_w = l->window,
                              .stride = l->stride,
                              .pad_top = l->window / 2,
                              .pad_left = l->window / 2,
                              .groups = l->groups,
                              .act = l->act ? ITS_ACT_SILU : ITS_ACT_NONE};
    bool stem = l->in == 3;
    d.in = stem ? planes(math == ITS_CONV_BF16 ? ITS_F32 : t, l->in, l->size * l->stride)
                : c16(t, l->in, l->size * l->stride);
    d.out = c16(t, l->out, l->size);
    if (l->add)
        d.add = d.out;
    return d;
}

static void own_make(struct pair *p, const struct layer *l, enum its_conv_math math)
{
    struct its_conv_desc d = desc_of(l, math);
    int per = l->in / l->groups * l->window * l->window;
    float *w = memory(sizeof(float) * (size_t)(per * l->out));
    float *bias = memory(sizeof(float) * (size_t)l->out);
    enum its_conv_isa isa = its_conv_can(&d);
    for (int i = 0; i < per * l->out; i++)
        w[i] = (float)(i * 37 % 101 - 50) / 50 / (float)per;
    for (int i = 0; i < l->out; i++)
        bias[i] = (float)(i % 5) / 5;
    p->conv = memory(its_conv_bytes(&d, isa));
    its_conv_prepare(&d, isa, &(struct its_conv_weights){.f32 = w, .bias = bias}, p->conv);
    p->scratch = memory(its_conv_scratch_bytes(p->conv));
    p->in = activations(OWN_IN, place_bytes(&d.in));
    p->out = activations(OWN_OUT, place_bytes(&d.out));
    p->add = l->add ? activations(OWN_ADD, place_bytes(&d.add)) : NULL;
    p->ops = its_conv_ops(&d);
    p->rows = l->size;
    if (isa == ITS_CONV_C)
        printf("no kernel\n");
    free(w);
    free(bias);
}

static void own_run(struct pair *p)
{
    its_conv_run(p->conv, p->in, p->out, p->add, 0, p->rows, p->scratch);
}

/* --- the vendor's */

static dnnl_engine_t engine;
static dnnl_stream_t stream;

static void check(dnnl_status_t s, const char *what)
{
    if (s == dnnl_success)
        return;
    fprintf(stderr, "%s: oneDNN says %d\n", what, (int)s);
    exit(1);
}

static dnnl_memory_desc_t any_desc(int n, const dnnl_dims_t dims, dnnl_data_type_t type)
{
    dnnl_memory_desc_t d;
    check(dnnl_memory_desc_init_by_tag(&d, n, dims, type, dnnl_format_tag_any), "descriptor");
    return d;
}

static dnnl_primitive_attr_t attr_of(const struct layer *l, enum its_conv_math math)
{
    dnnl_primitive_attr_t attr;
    dnnl_post_ops_t ops;
    float scale[512];
    for (int i = 0; i < l->out; i++)
        scale[i] = 0.001f;
    check(dnnl_primitive_attr_create(&attr), "attributes");
    check(dnnl_post_ops_create(&ops), "post ops");
    if (math == ITS_CONV_INT8)
        check(dnnl_primitive_attr_set_output_scales(attr, l->out, 2, scale), "scales");
    if (l->act)
        check(dnnl_post_ops_append_eltwise(ops, 1, dnnl_eltwise_swish, 1, 0), "swish");
    if (l->add)
        check(dnnl_post_ops_append_sum(ops, 1), "sum");
    check(dnnl_primitive_attr_set_post_ops(attr, ops), "post ops");
    dnnl_post_ops_destroy(ops);
    return attr;
}

static dnnl_exec_arg_t arg_of(const_dnnl_primitive_desc_t pd, dnnl_query_t which, int arg)
{
    const dnnl_memory_desc_t *md = dnnl_primitive_desc_query_md(pd, which, 0);
    if (arg == DNNL_ARG_BIAS)
        md = dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 1);
    size_t bytes = dnnl_memory_desc_get_size(md) + 64;
    void *data = arg == DNNL_ARG_SRC   ? activations(VENDOR_IN, bytes)
                 : arg == DNNL_ARG_DST ? activations(VENDOR_OUT, bytes)
                                       : memory(bytes);
    dnnl_memory_t m;
    check(dnnl_memory_create(&m, md, engine, data), "memory");
    return (dnnl_exec_arg_t){arg, m};
}

static void vendor_make(struct pair *p, const struct layer *l, enum its_conv_math math)
{
    dnnl_data_type_t type = vendor_type[math], weight = math == ITS_CONV_INT8 ? dnnl_s8 : type;
    dnnl_dim_t side = l->size * l->stride, per = l->in / l->groups, out = l->out / l->groups;
    dnnl_dims_t in = {1, l->in, side, side}, to = {1, l->out, l->size, l->size};
    dnnl_dims_t whole = {l->out, per, l->window, l->window}, bias = {l->out};
    dnnl_dims_t parts = {l->groups, out, per, l->window, l->window};
    dnnl_dims_t stride = {l->stride, l->stride}, pad = {l->window / 2, l->window / 2};
    dnnl_dims_t end = {pad[0] - (l->stride - 1) * (l->window > 1),
                       pad[1] - (l->stride - 1) * (l->window > 1)};
    dnnl_memory_desc_t i = any_desc(4, in, type), o = any_desc(4, to, type);
    dnnl_memory_desc_t w = l->groups > 1 ? any_desc(5, parts, weight) : any_desc(4, whole, weight);
    dnnl_memory_desc_t b = any_desc(1, bias, dnnl_f32);
    dnnl_convolution_desc_t desc;
    dnnl_primitive_desc_t pd;
    check(dnnl_convolution_forward_desc_init(&desc, dnnl_forward_inference, dnnl_convolution_direct,
                                             &i, &w, &b, &o, stride, pad, end),
          "convolution");
    dnnl_primitive_attr_t attr = attr_of(l, math);
    check(dnnl_primitive_desc_create(&pd, &desc, attr, engine, NULL), "primitive descriptor");
    check(dnnl_primitive_create(&p->vendor, pd), "primitive");
    p->args[0] = arg_of(pd, dnnl_query_src_md, DNNL_ARG_SRC);
    p->args[1] = arg_of(pd, dnnl_query_weights_md, DNNL_ARG_WEIGHTS);
    p->args[2] = arg_of(pd, dnnl_query_weights_md, DNNL_ARG_BIAS);
    p->args[3] = arg_of(pd, dnnl_query_dst_md, DNNL_ARG_DST);
    dnnl_primitive_attr_destroy(attr);
    dnnl_primitive_desc_destroy(pd);
}

static void vendor_run(struct pair *p)
{
    check(dnnl_primitive_execute(p->vendor, stream, 4, p->args), "execute");
    check(dnnl_stream_wait(stream), "wait");
}

/* --- both in turn */

static double timed(void (*run)(struct pair *), struct pair *p)
{
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    run(p);
    clock_gettime(CLOCK_MONOTONIC, &b);
    return (double)(b.tv_sec - a.tv_sec) + 1e-9 * (double)(b.tv_nsec - a.tv_nsec);
}

/* The layers one after the other as in a network, so that none finds its data in the cache only
 * because it ran just before. */
static void rounds(struct pair *pairs, int count)
{
    for (int r = 0; r < count; r++) {
        for (int i = 0; i < LAYERS; i++)
            pairs[i].own_s = ITS_MIN(pairs[i].own_s, timed(own_run, &pairs[i]));
        for (int i = 0; i < LAYERS; i++)
            pairs[i].vendor_s = ITS_MIN(pairs[i].vendor_s, timed(vendor_run, &pairs[i]));
    }
}

static void table(const struct pair *pairs, enum its_conv_math math)
{
    double peak = its_bench_peak(math), own = 0, vendor = 0, ops = 0, best = 0;
    printf("%s, peak %.0f Gop/s\n", math_name[math], peak * 1e-9);
    printf("  in out  size window act add  x |  ours us  %%peak | oneDNN us  %%peak | ratio\n");
    for (int i = 0; i < LAYERS; i++) {
        const struct layer *l = &layers[i];
        const struct pair *p = &pairs[i];
        printf("%4d %3d %5d %dx%d/%d%c  %d   %d  %2d | %8.1f %6.1f | %9.1f %6.1f | %5.2f%s\n",
               l->in, l->out, l->size, l->window, l->window, l->stride, l->groups > 1 ? 'd' : ' ',
               l->act, l->add, l->count, p->own_s * 1e6, 100 * p->ops / p->own_s / peak,
               p->vendor_s * 1e6, 100 * p->ops / p->vendor_s / peak, p->vendor_s / p->own_s,
               p->own_s > p->vendor_s ? " <" : "");
        own += p->own_s * l->count;
        vendor += p->vendor_s * l->count;
        best += ITS_MIN(p->own_s, p->vendor_s) * l->count;
        ops += p->ops * l->count;
    }
    printf("sum of %s: ours %.3f ms (%.0f %% of peak), oneDNN %.3f ms (%.0f %%), the better each "
           "%.3f ms\n",
           math_name[math], own * 1e3, 100 * ops / own / peak, vendor * 1e3,
           100 * ops / vendor / peak, best * 1e3);
}

static void measure(enum its_conv_math math, int count)
{
    struct pair *pairs = its_calloc(LAYERS, sizeof *pairs);
    for (int i = 0; i < LAYERS; i++) {
        own_make(&pairs[i], &layers[i], math);
        vendor_make(&pairs[i], &layers[i], math);
        pairs[i].own_s = pairs[i].vendor_s = 1;
    }
    rounds(pairs, count);
    table(pairs, math);
    free(pairs); /* the rest goes with the process */
}

int main(int argc, char **argv)
{
    if (!getenv("OMP_NUM_THREADS")) { /* read by OpenMP as it is loaded */
        setenv("OMP_NUM_THREADS", "1", 1);
        execv("/proc/self/exe", argv);
    }
    int count = argc > 2 ? atoi(argv[2]) : 20;
    check(dnnl_engine_create(&engine, dnnl_cpu, 0), "engine");
    check(dnnl_stream_create(&stream, engine, dnnl_stream_default_flags), "stream");
    for (int m = 0; m < MATHS; m++)
        if (argc < 2 || !strcmp(argv[1], math_name[m]) || !strcmp(argv[1], "all"))
            measure((enum its_conv_math)m, count);
    return 0;
}
