/* Pooling, enlarging, copying and adding against loops over its_place_index, on random shapes and
 * views inside larger tensors. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "nn/cpu/move.h"

#define GUARD 0x5a

static uint32_t state = 2463534242u;

static int between(int least, int most)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return least + (int)(state % (uint32_t)(most - least + 1));
}

/* A view of c channels with a gap before the next image. */
static struct its_place place(enum its_dtype type, int n, int c, int h, int w)
{
    struct its_place p = {type, ITS_LAYOUT_C16, n, c, h, w, 16, 16, (int64_t)h * w * 16, 0, 1, 0};
    p.image_stride = p.block_stride * ((c + 15) / 16) + 16 * between(0, 3);
    if (type == ITS_U8 || type == ITS_S8) {
        p.scale = (float)between(1, 50) / 100;
        p.zero = type == ITS_U8 ? between(0, 255) : between(-128, 127);
    }
    return p;
}

static size_t bytes_of(const struct its_place *p)
{
    return (size_t)(p->image_stride * p->n) * its_dtype_bytes(p->type);
}

static void *fill(const struct its_place *p)
{
    size_t bytes = bytes_of(p);
    uint8_t *m = its_calloc(bytes, 1);
    for (size_t i = 0; i < bytes; i++)
        m[i] = (uint8_t)between(0, 255);
    if (p->type == ITS_F32)
        for (size_t i = 0; i < bytes / 4; i++)
            ((float *)m)[i] = (float)between(-1000, 1000) / 7;
    return m;
}

static void *empty(const struct its_place *p)
{
    void *m = its_calloc(bytes_of(p), 1);
    memset(m, GUARD, bytes_of(p));
    return m;
}

static double raw(const struct its_place *p, const void *m, int n, int c, int y, int x)
{
    int64_t i = its_place_index(p, n, c, y, x);
    return p->type == ITS_F32  ? ((const float *)m)[i]
           : p->type == ITS_U8 ? ((const uint8_t *)m)[i]
                               : ((const int8_t *)m)[i];
}

static double real(const struct its_place *p, const void *m, int n, int c, int y, int x)
{
    return (raw(p, m, n, c, y, x) - p->zero) * p->scale;
}

static void gaps_untouched(const struct its_place *p, const void *m)
{
    size_t type = its_dtype_bytes(p->type);
    size_t used = (size_t)p->block_stride * (size_t)((p->c + 15) / 16) * type;
    for (int n = 0; n < p->n; n++)
        for (size_t i = used; i < (size_t)p->image_stride * type; i++)
            assert_int_equal(((const uint8_t *)m)[(size_t)(n * p->image_stride) * type + i], GUARD);
}

#define EACH(p)                                                                                    \
    for (int n = 0; n < (p).n; n++)                                                                \
        for (int c = 0; c < (p).c; c++)                                                            \
            for (int y = 0; y < (p).h; y++)                                                        \
                for (int x = 0; x < (p).w; x++)

static const enum its_dtype types[] = {ITS_U8, ITS_S8, ITS_F32};

static double pool_at(const struct its_pool_desc *d, const void *in, int n, int c, int y, int x)
{
    double most = -INFINITY;
    for (int ky = y * d->stride - d->pad; ky < y * d->stride - d->pad + d->kernel; ky++)
        for (int kx = x * d->stride - d->pad; kx < x * d->stride - d->pad + d->kernel; kx++)
            if (ky >= 0 && ky < d->in.h && kx >= 0 && kx < d->in.w)
                most = fmax(most, raw(&d->in, in, n, c, ky, kx));
    return most;
}

static void pool_once(enum its_dtype type, int kernel, int stride, int pad)
{
    int depth = between(1, 40), h = between(kernel, 14), w = between(kernel, 20),
        images = between(1, 2);
    struct its_pool_desc d = {.kernel = kernel, .stride = stride, .pad = pad};
    d.in = place(type, images, depth, h, w);
    d.out = place(type, images, depth, (h + 2 * pad - kernel) / stride + 1,
                  (w + 2 * pad - kernel) / stride + 1);
    d.out.scale = d.in.scale;
    d.out.zero = d.in.zero;
    assert_true(its_pool_can(&d));
    void *in = fill(&d.in), *out = empty(&d.out), *scratch = its_malloc(its_pool_scratch_bytes(&d));
    int rows = images * d.out.h, half = between(0, rows);
    its_pool_run(&d, in, out, 0, half, scratch);
    its_pool_run(&d, in, out, half, rows, scratch);
    EACH(d.out)
    assert_float_equal(raw(&d.out, out, n, c, y, x), pool_at(&d, in, n, c, y, x), 0);
    gaps_untouched(&d.out, out);
    free(in);
    free(out);
    free(scratch);
}

static void pooling(void **s)
{
    for (int i = 0; i < 10; i++)
        for (size_t t = 0; t < 3; t++) {
            pool_once(types[t], 5, 1, 2);
            pool_once(types[t], 3, 2, 1);
            pool_once(types[t], 2, 2, 0);
        }
}

static void enlarging(void **s)
{
    for (int i = 0; i < 20; i++) {
        enum its_dtype t = types[i % 3];
        int f = between(1, 3);
        struct its_place a = place(t, 2, between(1, 40), between(1, 9), between(1, 9));
        struct its_place b = place(t, 2, a.c, a.h * f, a.w * f);
        b.scale = a.scale;
        b.zero = a.zero;
        assert_true(its_enlarge_can(&a, &b, f));
        void *in = fill(&a), *out = empty(&b);
        its_enlarge_run(&a, &b, f, in, out, 0, 2 * b.h);
        EACH(b)
        assert_float_equal(raw(&b, out, n, c, y, x), raw(&a, in, n, c, y / f, x / f), 0);
        gaps_untouched(&b, out);
        free(in);
        free(out);
    }
}

/* The nearest step, or one of the two nearest on a tie. */
static void expect_real(const struct its_place *p, const void *m, int n, int c, int y, int x,
                        double want)
{
    double least = p->type == ITS_S8 ? -128 : 0, most = least + 255;
    double step = want / p->scale + p->zero;
    step = fmin(fmax(step, least), most);
    double got = raw(p, m, n, c, y, x);
    if (fabs(got - step) > 0.501)
        fail_msg("%d,%d,%d,%d: %g, should be %g", n, c, y, x, got, step);
}

static void copying(void **s)
{
    for (int i = 0; i < 20; i++) {
        enum its_dtype t = types[i % 3];
        struct its_place a = place(t, 2, between(1, 40), between(1, 9), between(1, 9));
        struct its_place b = place(t, 2, a.c, a.h, a.w);
        assert_true(its_copy_can(&a, &b));
        void *in = fill(&a), *out = empty(&b);
        its_copy_run(&a, &b, in, out, 0, 2 * b.h);
        EACH(b)
        if (t == ITS_F32)
            assert_float_equal(raw(&b, out, n, c, y, x), raw(&a, in, n, c, y, x), 0);
        else
            expect_real(&b, out, n, c, y, x, real(&a, in, n, c, y, x));
        gaps_untouched(&b, out);
        free(in);
        free(out);
    }
}

static void adding(void **s)
{
    for (int i = 0; i < 20; i++) {
        enum its_dtype t = types[i % 3];
        struct its_place a = place(t, 2, between(1, 40), between(1, 9), between(1, 9));
        struct its_place b = place(t, 2, a.c, a.h, a.w), o = place(t, 2, a.c, a.h, a.w);
        assert_true(its_add_can(&a, &b, &o));
        void *in_a = fill(&a), *in_b = fill(&b), *out = empty(&o);
        its_add_run(&a, &b, &o, in_a, in_b, out, 0, 2 * o.h);
        EACH(o)
        {
            double want = real(&a, in_a, n, c, y, x) + real(&b, in_b, n, c, y, x);
            if (t == ITS_F32)
                assert_float_equal(raw(&o, out, n, c, y, x), want, 1e-4);
            else
                expect_real(&o, out, n, c, y, x, want);
        }
        gaps_untouched(&o, out);
        free(in_a);
        free(in_b);
        free(out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pooling),
        cmocka_unit_test(enlarging),
        cmocka_unit_test(copying),
        cmocka_unit_test(adding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
