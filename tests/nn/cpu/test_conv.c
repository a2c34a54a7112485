/* The convolution kernels against plain loops: random shapes, odd sizes, views with gaps between
 * blocks and images, residuals, rows in pieces; nothing beside the result may change. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "nn/cpu/conv.h"

#define GUARD 0xa5

static uint32_t state;

static uint32_t rnd(void)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

static int between(int least, int most)
{
    return least + (int)(rnd() % (uint32_t)(most - least + 1));
}

static float real(float least, float most)
{
    return least + (most - least) * (float)(rnd() >> 8) / (float)(1 << 24);
}

/* A place in memory of its own, with guard bytes wherever no element lies. */
struct tensor {
    struct its_place p;
    size_t bytes;
    char *data;
};

static size_t extent(const struct its_place *p)
{
    int blocks = p->layout == ITS_LAYOUT_PLANES ? p->c : (p->c + 15) / 16;
    int64_t n = p->layout == ITS_LAYOUT_PIXELS
                    ? (int64_t)p->h * p->w * p->pixel_stride
                    : (blocks - 1) * p->block_stride + (int64_t)p->h * p->w * p->pixel_stride;
    return (size_t)((p->n - 1) * p->image_stride + n) * its_dtype_bytes(p->type);
}

static struct its_place place(enum its_dtype type, enum its_layout layout, int n, int c, int h,
                              int w)
{
    struct its_place p = {type, layout, n, c, h, w, .scale = 1};
    bool planes = layout == ITS_LAYOUT_PLANES, pixels = layout == ITS_LAYOUT_PIXELS;
    int round = (c + 15) / 16 * 16, gap = between(0, 1) * between(1, 3) * 16;
    p.block = planes ? 1 : pixels ? round : 16;
    p.pixel_stride = planes ? 1 : pixels ? round + gap : 16;
    p.block_stride = (int64_t)h * w * p.pixel_stride + (planes ? 0 : gap);
    p.image_stride = pixels   ? (int64_t)h * w * p.pixel_stride + gap
                     : planes ? p.block_stride * c
                              : p.block_stride * (round / 16) + gap;
    return p;
}

/* RGB or RGBx, the lines without gaps. */
static struct its_place picture(int n, int c, int h, int w)
{
    int pixel = between(c, 4);
    return (struct its_place){.type = ITS_U8,
                              .layout = ITS_LAYOUT_PIXELS,
                              .n = n,
                              .c = c,
                              .h = h,
                              .w = w,
                              .block = pixel,
                              .pixel_stride = pixel,
                              .scale = 1,
                              .image_stride = (int64_t)h * w * pixel};
}

static void tensor_make(struct tensor *t)
{
    t->bytes = extent(&t->p);
    t->data = its_try_aligned((t->bytes + 63) / 64 * 64 + 64);
    assert_non_null(t->data);
    memset(t->data, GUARD, t->bytes + 64);
}

static void put(struct tensor *t, int64_t i, float v)
{
    if (t->p.type == ITS_F32) {
        ((float *)t->data)[i] = v;
    } else if (t->p.type == ITS_BF16) {
        uint32_t u;
        memcpy(&u, &v, 4);
        ((uint16_t *)t->data)[i] = (uint16_t)(u >> 16);
    } else {
        t->data[i] = (char)lrintf(v);
    }
}

static double get(const struct tensor *t, int64_t i)
{
    uint32_t u;
    float f;
    switch (t->p.type) {
    case ITS_F32:
        return ((const float *)t->data)[i];
    case ITS_BF16:
        u = (uint32_t)((const uint16_t *)t->data)[i] << 16;
        memcpy(&f, &u, 4);
        return f;
    case ITS_U8:
        return ((const uint8_t *)t->data)[i];
    default:
        return ((const int8_t *)t->data)[i];
    }
}

static int channels(const struct its_place *p)
{
    return p->block < 16 ? p->c : (p->c + 15) / 16 * 16;
}

static void tensor_fill(struct tensor *t)
{
    const struct its_place *p = &t->p;
    for (int n = 0; n < p->n; n++)
        for (int c = 0; c < channels(p); c++)
            for (int y = 0; y < p->h; y++)
                for (int x = 0; x < p->w; x++) {
                    float v = p->type == ITS_U8   ? (float)between(0, 255)
                              : p->type == ITS_S8 ? (float)between(-128, 127)
                                                  : real(-2, 2);
                    if (c >= p->c)
                        v = p->type == ITS_U8 || p->type == ITS_S8 ? (float)p->zero : 0;
                    put(t, its_place_index(p, n, c, y, x), v);
                }
}

/* How often integers were a step off. */
static int64_t compared, off_by_one;

struct fixture {
    struct its_conv_desc d;
    struct tensor in, out, want, add;
    float *w, *bias, *scale;
    int8_t *s8;
    struct its_conv_weights given;
    struct its_conv *conv;
    char *scratch;
    uint32_t seed;
    bool exact; /* weights are s8 with scale 1, without bias */
};

static void weights_make(struct fixture *f)
{
    const struct its_conv_desc *d = &f->d;
    size_t per = (size_t)(d->in.c / d->groups * d->kernel_h * d->kernel_w);
    size_t count = per * (size_t)d->out.c;
    f->w = its_calloc(count, sizeof(float));
    f->s8 = its_calloc(count, 1);
    f->bias = its_calloc((size_t)d->out.c, sizeof(float));
    f->scale = its_calloc((size_t)d->out.c, sizeof(float));
    for (size_t i = 0; i < count; i++) {
        f->w[i] = real(-1, 1) / sqrtf((float)per);
        f->s8[i] = (int8_t)between(-127, 127);
    }
    for (int i = 0; i < d->out.c; i++) {
        f->bias[i] = real(-1, 1);
        f->scale[i] = real(0.5f, 1) / 127 / sqrtf((float)per);
    }
    for (int i = 0; f->exact && i < d->out.c; i++)
        f->scale[i] = 1;
    bool s8 = d->math == ITS_CONV_INT8 && (f->exact || between(0, 1));
    f->given = (struct its_conv_weights){s8 ? NULL : f->w, s8 ? f->s8 : NULL, f->scale,
                                         !f->exact && between(0, 7) ? f->bias : NULL};
}

static void fixture_make(struct fixture *f)
{
    f->in.p = f->d.in;
    f->out.p = f->want.p = f->d.out;
    f->add.p = f->d.add;
    tensor_make(&f->in);
    tensor_fill(&f->in);
    tensor_make(&f->out);
    tensor_make(&f->want);
    if (f->d.add.c) {
        tensor_make(&f->add);
        tensor_fill(&f->add);
    }
    weights_make(f);
}

static void fixture_free(struct fixture *f)
{
    free(f->in.data);
    free(f->out.data);
    free(f->want.data);
    free(f->add.data);
    free(f->w);
    free(f->s8);
    free(f->bias);
    free(f->scale);
    free(f->conv);
    free(f->scratch);
}

/* Packs it as the fastest machine code or as plain C, and computes it in some pieces. */
static void fixture_run(struct fixture *f, enum its_conv_isa isa)
{
    const struct its_conv_desc *d = &f->d;
    size_t bytes = its_conv_bytes(d, isa);
    f->conv = its_try_aligned((bytes + 63) / 64 * 64);
    assert_non_null(f->conv);
    its_conv_prepare(d, isa, &f->given, f->conv);
    assert_true(its_conv_valid(f->conv, bytes));
    assert_false(its_conv_valid(f->conv, bytes - 1));
    size_t need = its_conv_scratch_bytes(f->conv);
    f->scratch = its_try_aligned((need + 127) / 64 * 64);
    assert_non_null(f->scratch);
    memset(f->scratch + need, GUARD, 16);
    int rows = d->out.n * d->out.h, from = 0;
    while (from < rows) {
        int to = between(0, 2) ? rows : between(from + 1, rows);
        its_conv_run(f->conv, f->in.data, f->out.data, f->add.data, from, to, f->scratch);
        from = to;
    }
    for (int i = 0; i < 16; i++)
        assert_int_equal((uint8_t)f->scratch[need + (size_t)i], GUARD);
}

static const char *text(const struct fixture *f)
{
    static char t[300];
    const struct its_conv_desc *d = &f->d;
    snprintf(
        t, sizeof t,
        "seed %u math %d %dx%dx%dx%d (%s, layout %d) -> %dx%dx%d (%s, layout %d) window %dx%d/%d "
        "pads %d,%d groups %d act %d add %d",
        f->seed, d->math, d->in.n, d->in.c, d->in.h, d->in.w, its_dtype_name(d->in.type),
        d->in.layout, d->out.c, d->out.h, d->out.w, its_dtype_name(d->out.type), d->out.layout,
        d->kernel_h, d->kernel_w, d->stride, d->pad_top, d->pad_left, d->groups, d->act, d->add.c);
    return t;
}

/* Every element within `steps` (integers) or `part` of its size; every other byte untouched. */
static void compare(const struct fixture *f, double steps, double part)
{
    const struct its_place *p = &f->d.out;
    size_t type = its_dtype_bytes(p->type);
    char *seen = its_calloc(f->out.bytes, 1);
    bool ints = p->type == ITS_U8 || p->type == ITS_S8;
    for (int n = 0; n < p->n; n++)
        for (int c = 0; c < channels(p); c++)
            for (int y = 0; y < p->h; y++)
                for (int x = 0; x < p->w; x++) {
                    int64_t i = its_place_index(p, n, c, y, x);
                    double a = get(&f->out, i), b = get(&f->want, i);
                    double most = ints ? steps : part * fmax(1, fabs(b));
                    memset(seen + (size_t)i * type, 1, type);
                    compared += ints;
                    off_by_one += ints && a != b;
                    if (!(fabs(a - b) <= (c < p->c ? most : 0)))
                        fail_msg("%s: at %d,%d,%d,%d %.9g, should be %.9g", text(f), n, c, y, x, a,
                                 b);
                }
    for (size_t i = 0; i < f->out.bytes; i++)
        if (!seen[i] && (uint8_t)f->out.data[i] != GUARD)
            fail_msg("%s: byte %zu outside the result was written", text(f), i);
    free(seen);
}

static void quantise(struct its_place *p, float scale)
{
    p->scale = scale;
    p->zero = p->type == ITS_U8 ? between(0, 255) : p->type == ITS_S8 ? between(-128, 127) : 0;
}

static void random_window(struct its_conv_desc *d, bool deep)
{
    static const int sizes[] = {1, 3, 3, 1, 3, 5};
    int k = deep ? 3 : sizes[between(0, 5)];
    d->kernel_h = d->kernel_w = k;
    d->stride = between(1, 2);
    d->pad_top = d->pad_left = k / 2;
    if (between(0, 3) == 0) {
        d->pad_top = between(0, k - 1);
        d->pad_left = between(0, k - 1);
    }
}

static struct its_conv_desc random_desc(enum its_conv_math math)
{
    static const enum its_act acts[] = {ITS_ACT_SILU,  ITS_ACT_SILU,      ITS_ACT_SILU,
                                        ITS_ACT_NONE,  ITS_ACT_RELU,      ITS_ACT_SIGMOID,
                                        ITS_ACT_LEAKY, ITS_ACT_HARD_SWISH};
    struct its_conv_desc d = {.math = math, .groups = 1, .act = acts[between(0, 7)]};
    bool deep = between(0, 4) == 0, planes = !deep && between(0, 5) == 0;
    enum its_dtype own = math == ITS_CONV_INT8 ? ITS_U8 : math == ITS_CONV_F32 ? ITS_F32 : ITS_BF16;
    enum its_dtype in = planes && (math == ITS_CONV_BF16 || between(0, 1)) ? ITS_F32 : own,
                   out = own;
    int n = between(1, 2), in_c = planes ? between(1, 4) : between(1, 70);
    int out_c = deep ? in_c : between(1, 100), h = between(1, 12), w = between(1, 50);
    if (between(0, 4) == 0)
        out = math == ITS_CONV_INT8 && between(0, 1) ? ITS_S8 : ITS_F32;
    random_window(&d, deep);
    d.act_alpha = 0.1f;
    d.groups = deep && in_c > 1 ? in_c : 1;
    d.in = place(in,
                 planes          ? ITS_LAYOUT_PLANES
                 : between(0, 4) ? ITS_LAYOUT_C16
                                 : ITS_LAYOUT_PIXELS,
                 n, in_c, h, w);
    if (planes && in == ITS_U8 && in_c >= 3 && between(0, 1))
        d.in = picture(n, in_c, h, w);
    int out_h = (h + d.kernel_h / 2 * 2 - d.kernel_h) / d.stride + 1;
    int out_w = (w + d.kernel_w / 2 * 2 - d.kernel_w) / d.stride + 1;
    enum its_layout layout = between(0, 4) ? ITS_LAYOUT_C16 : ITS_LAYOUT_PIXELS;
    d.out = place(out, layout, n, out_c, out_h, out_w);
    quantise(&d.in, real(0.01f, 0.03f));
    if (in == ITS_F32 && math == ITS_CONV_INT8)
        d.in.zero = between(0, 255);
    quantise(&d.out, real(0.02f, 0.04f));
    if (between(0, 2) == 0) {
        d.add = place(out, layout, n, out_c, out_h, out_w);
        quantise(&d.add, real(0.01f, 0.05f));
    }
    return d;
}

static void try_shape(struct fixture *f, enum its_conv_isa isa, double part)
{
    fixture_make(f);
    its_conv_reference(&f->d, &f->given, f->in.data, f->want.data, f->add.data, 0,
                       f->d.out.n * f->d.out.h);
    fixture_run(f, isa);
    compare(f, isa == ITS_CONV_C ? 0 : 1, part);
    fixture_free(f);
}

static void random_shapes(enum its_conv_math math, int count)
{
    int fast = 0;
    for (int i = 0; i < count; i++) {
        struct fixture f = {.seed = 12345u + 7919u * (uint32_t)i};
        state = f.seed * 2654435761u | 1;
        f.d = random_desc(math);
        enum its_conv_isa best = its_conv_can(&f.d);
        assert_int_not_equal(best, ITS_CONV_NONE);
        fast += best != ITS_CONV_C;
        try_shape(&f, i % 8 ? best : ITS_CONV_C, f.d.out.type == ITS_BF16 ? 1.0 / 128 : 1e-5);
    }
    printf("%d shapes, %d of them by kernels\n", count, fast);
}

static void integers(void **s)
{
    random_shapes(ITS_CONV_INT8, 150);
    printf("%.2f %% of integers a step off\n", 100.0 * (double)off_by_one / (double)compared);
    assert_true(off_by_one < compared / 25);
}

/* Nothing but sums: with all scales 1 and results in f32 they must come out to the last bit. */
static void sums_are_exact(void **s)
{
    for (int i = 0; i < 60; i++) {
        struct fixture f = {.seed = 77777u + 104729u * (uint32_t)i};
        state = f.seed * 2654435761u | 1;
        f.d = random_desc(ITS_CONV_INT8);
        int per = f.d.in.c / f.d.groups * f.d.kernel_h * f.d.kernel_w;
        if (per * 255 * 127 >= 1 << 24 || f.d.in.type != ITS_U8)
            continue;
        f.d.out = place(ITS_F32, ITS_LAYOUT_C16, f.d.out.n, f.d.out.c, f.d.out.h, f.d.out.w);
        f.d.add.c = 0;
        f.d.act = ITS_ACT_NONE;
        f.d.in.scale = 1;
        f.exact = true;
        try_shape(&f, its_conv_can(&f.d), 0);
    }
}

/* What is no convolution, or cannot be divided by, is refused rather than computed. */
static void nonsense_is_refused(void **s)
{
    state = 1;
    struct its_conv_desc good = {.math = ITS_CONV_INT8,
                                 .kernel_h = 1,
                                 .kernel_w = 1,
                                 .stride = 1,
                                 .groups = 1,
                                 .in = place(ITS_U8, ITS_LAYOUT_C16, 1, 32, 8, 8),
                                 .out = place(ITS_U8, ITS_LAYOUT_C16, 1, 64, 8, 8)};
    struct its_conv_desc bad[6];
    assert_int_not_equal(its_conv_can(&good), ITS_CONV_NONE);
    for (size_t i = 0; i < ITS_ARRAY_LEN(bad); i++)
        bad[i] = good;
    bad[0].out.scale = 0;
    bad[1].in.zero = 256;
    bad[2].groups = 2;
    bad[3].in.type = ITS_S8;
    bad[4].add = good.in;
    bad[5].stride = 0;
    for (size_t i = 0; i < ITS_ARRAY_LEN(bad); i++)
        assert_int_equal(its_conv_can(&bad[i]), ITS_CONV_NONE);
}

/* The kernels find their input by 32-bit offsets: what lies further goes by plain C. */
static void far_offsets_are_not_for_kernels(void **s)
{
    state = 2;
    struct its_conv_desc point = {.math = ITS_CONV_F32,
                                  .kernel_h = 1,
                                  .kernel_w = 1,
                                  .stride = 1,
                                  .groups = 1,
                                  .in = place(ITS_F32, ITS_LAYOUT_C16, 1, 80, 2160, 3840),
                                  .out = place(ITS_F32, ITS_LAYOUT_C16, 1, 16, 2160, 3840)};
    struct its_conv_desc rows = point;
    rows.kernel_h = rows.kernel_w = 3;
    rows.in = place(ITS_F32, ITS_LAYOUT_C16, 1, 7000, 8, 30000);
    rows.out = place(ITS_F32, ITS_LAYOUT_C16, 1, 16, 6, 29998);
    assert_int_equal(its_conv_can(&point), ITS_CONV_C);
    assert_int_equal(its_conv_can(&rows), ITS_CONV_C);
}

static void f32(void **s)
{
    random_shapes(ITS_CONV_F32, 80);
}

static void bf16(void **s)
{
    random_shapes(ITS_CONV_BF16, 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(far_offsets_are_not_for_kernels),
        cmocka_unit_test(sums_are_exact),
        cmocka_unit_test(integers),
        cmocka_unit_test(f32),
        cmocka_unit_test(bf16),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
