/* The loops between the convolutions, at every CPU level this machine has, against plain loops over
 * single elements: random sizes, windows and values; what lies behind the result is left alone. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "nn/fused.h"
#include "nn/lanes/lanes.h"
#include "tests/nn/small_graph.h"

enum { LANES = 16, GUARD = 64 };

static uint32_t seed = 20;

static int dice(int from, int to)
{
    seed = seed * 1664525u + 1013904223u;
    return from + (int)((seed >> 8) % (uint32_t)(to - from + 1));
}

/* Runs check with the functions of each level. */
static void at_every_level(void (*check)(const struct its_lanes *l))
{
    for (int cpu = 0; cpu <= (int)its_cpu_best(); cpu++) {
        print_message("%s, seed %u\n", its_cpu_name((enum its_cpu)cpu), seed);
        check(its_lanes_of((enum its_cpu)cpu));
    }
}

static void *guarded(size_t bytes)
{
    char *p = its_try_aligned(bytes + GUARD);
    memset(p, 0x5a, bytes + GUARD);
    return p;
}

static void check_guard(const void *p, size_t bytes)
{
    for (int i = 0; i < GUARD; i++)
        assert_int_equal(((const unsigned char *)p)[bytes + (size_t)i], 0x5a);
}

/* --- pooling */

static double element(enum its_dtype type, const void *p, int64_t i)
{
    uint32_t bits;
    float f;
    switch (type) {
    case ITS_BF16:
        bits = (uint32_t)((const uint16_t *)p)[i] << 16;
        memcpy(&f, &bits, 4);
        return (double)f;
    case ITS_U8:
        return ((const uint8_t *)p)[i];
    case ITS_S8:
        return ((const int8_t *)p)[i];
    default:
        return (double)((const float *)p)[i];
    }
}

static void fill_elements(enum its_dtype type, void *p, int64_t count)
{
    float x;
    for (int64_t i = 0; i < count; i++) {
        fill_values(&x, 1, &seed);
        if (type == ITS_F32)
            ((float *)p)[i] = x;
        else if (type == ITS_BF16)
            memcpy((uint16_t *)p + i, (char *)&x + 2, 2);
        else
            ((uint8_t *)p)[i] = (uint8_t)dice(0, 255);
    }
}

static double pooled(const struct its_lanes_pool *p, enum its_dtype type, const void *in, int oy,
                     int ox, int lane)
{
    double most = -INFINITY;
    for (int ky = 0; ky < p->kernel[0]; ky++)
        for (int kx = 0; kx < p->kernel[1]; kx++) {
            int y = oy * p->stride[0] - p->pad[0] + ky, x = ox * p->stride[1] - p->pad[1] + kx;
            if (y >= 0 && y < p->h && x >= 0 && x < p->w)
                most = fmax(most, element(type, in, ((int64_t)y * p->w + x) * LANES + lane));
        }
    return most;
}

static void check_pool(const struct its_lanes *l)
{
    static const enum its_dtype types[] = {ITS_F32, ITS_BF16, ITS_U8, ITS_S8};
    for (int i = 0; i < 40; i++) {
        enum its_dtype type = types[i % 4];
        struct its_lanes_pool p = {.h = dice(1, 12), .w = dice(1, 12)};
        for (int k = 0; k < 2; k++) {
            p.kernel[k] = dice(1, 5);
            p.stride[k] = dice(1, 2);
            p.pad[k] = p.kernel[k] / 2;
        }
        p.oh = (p.h + 2 * p.pad[0] - p.kernel[0]) / p.stride[0] + 1;
        p.ow = (p.w + 2 * p.pad[1] - p.kernel[1]) / p.stride[1] + 1;
        size_t bytes = (size_t)(p.oh * p.ow * LANES) * its_dtype_bytes(type);
        void *in = its_try_aligned((size_t)(p.h * p.w * LANES) * its_dtype_bytes(type));
        void *out = guarded(bytes), *scratch = its_try_aligned(its_lanes_pool_scratch(&p));
        fill_elements(type, in, p.h * p.w * LANES);
        l->pool(&p, type, in, out, scratch);
        check_guard(out, bytes);
        for (int k = 0; k < p.oh * p.ow * LANES; k++)
            assert_true(element(type, out, k) ==
                        pooled(&p, type, in, k / LANES / p.ow, k / LANES % p.ow, k % LANES));
        free(in);
        free(out);
        free(scratch);
    }
}

static void test_pool(void **state)
{
    at_every_level(check_pool);
}

/* --- enlarging and turning */

static void check_enlarge(const struct its_lanes *l)
{
    static const size_t pixel[] = {16, 32, 64};
    for (int i = 0; i < 30; i++) {
        int h = dice(1, 9), w = dice(1, 9), fy = dice(1, 3), fx = dice(1, 3);
        size_t b = pixel[i % 3], bytes = (size_t)(h * fy * w * fx) * b;
        char *in = its_try_aligned((size_t)(h * w) * b), *out = guarded(bytes);
        fill_elements(ITS_U8, in, (int64_t)h * w * (int64_t)b);
        l->enlarge(in, out, h, w, fy, fx, b);
        check_guard(out, bytes);
        for (int y = 0; y < h * fy; y++)
            for (int x = 0; x < w * fx; x++)
                assert_memory_equal(out + (size_t)(y * w * fx + x) * b,
                                    in + (size_t)(y / fy * w + x / fx) * b, b);
        free(in);
        free(out);
    }
}

static void test_enlarge(void **state)
{
    at_every_level(check_enlarge);
}

static void check_turn(const struct its_lanes *l)
{
    for (int i = 0; i < 30; i++) {
        int channels = dice(1, 16), pixels = dice(1, 70), stride = pixels + dice(0, 9);
        size_t bytes = (size_t)pixels * LANES * sizeof(float);
        size_t plane_bytes = (size_t)((channels - 1) * stride + pixels) * sizeof(float);
        float *planes = its_try_aligned(plane_bytes), *block = guarded(bytes);
        float *back = guarded(plane_bytes);
        fill_values(planes, (channels - 1) * stride + pixels, &seed);
        l->to_block(planes, block, channels, pixels, stride);
        l->to_planes(block, back, channels, pixels, stride);
        check_guard(block, bytes);
        check_guard(back, plane_bytes);
        for (int k = 0; k < LANES; k++)
            for (int x = 0; x < pixels; x++) {
                float want = k < channels ? planes[k * stride + x] : 0;
                assert_true(block[x * LANES + k] == want);
                assert_true(k >= channels || back[k * stride + x] == want);
            }
        free(planes);
        free(block);
        free(back);
    }
}

static void test_turn(void **state)
{
    at_every_level(check_turn);
}

/* Halves to even, overflow to infinity, no number stays none. */
static void check_bf16(const struct its_lanes *l)
{
    static const uint32_t bits[] = {0x3f808000, 0x3f818000, 0x3f808001, 0x7f7fffff, 0xff800000,
                                    0x7f800001, 0x00000001, 0x80000000, 0x3f7fffff};
    static const uint16_t want[] = {0x3f80, 0x3f82, 0x3f81, 0x7f80, 0xff80,
                                    0x7fc0, 0x0000, 0x8000, 0x3f80};
    enum { COUNT = ITS_ARRAY_LEN(bits) };
    float in[COUNT], back[COUNT];
    uint16_t out[COUNT];
    memcpy(in, bits, sizeof(in));
    l->to_bf16(in, out, COUNT);
    assert_memory_equal(out, want, sizeof(want));
    l->from_bf16(out, back, COUNT);
    for (int i = 0; i < COUNT; i++) {
        uint32_t b;
        memcpy(&b, &back[i], 4);
        assert_int_equal(b, (uint32_t)want[i] << 16);
    }
}

static void test_bf16(void **state)
{
    at_every_level(check_bf16);
}

/* Halves to even, saturation, and back. */
static void check_u8(const struct its_lanes *l)
{
    static const float in[] = {0, 0.25f, 0.75f, -0.25f, 1e9f, -1e9f, 63.5f, -5, INFINITY, 3.2f};
    static const uint8_t want[] = {10, 10, 12, 10, 255, 0, 137, 0, 255, 16};
    enum { COUNT = ITS_ARRAY_LEN(in) };
    uint8_t out[COUNT];
    float back[COUNT];
    l->to_u8(in, out, COUNT, 0.5f, 10);
    assert_memory_equal(out, want, sizeof(want));
    l->from_u8(out, back, COUNT, 0.5f, 10);
    for (int i = 0; i < COUNT; i++)
        assert_true(back[i] == (float)(want[i] - 10) * 0.5f);
}

static void test_u8(void **state)
{
    at_every_level(check_u8);
}

/* --- attention and the head, against the operators' own C */

static struct its_value value_of(int64_t a, int64_t b, int64_t c)
{
    return (struct its_value){.type = ITS_F32, .shape = {4, {1, a, b, c}}, .shaped = true};
}

static void check_attention(const struct its_lanes *l)
{
    for (int i = 0; i < 8; i++) {
        struct its_lanes_attention a = {.heads = dice(1, 3),
                                        .tokens = dice(1, 90),
                                        .key = dice(1, 20),
                                        .value = dice(1, 20),
                                        .scale = 0.5f};
        int64_t keys = (int64_t)a.heads * a.key * a.tokens;
        int64_t values = (int64_t)a.heads * a.value * a.tokens;
        float *q = its_calloc((size_t)keys, 4), *k = its_calloc((size_t)keys, 4);
        float *v = its_calloc((size_t)values, 4), *want = its_calloc((size_t)values, 4);
        float *got = guarded((size_t)values * 4);
        void *scratch = its_try_aligned(its_lanes_attention_scratch(&a));
        fill_values(q, keys, &seed);
        fill_values(k, keys, &seed);
        fill_values(v, values, &seed);
        struct its_value key = value_of(a.heads, a.key, a.tokens);
        struct its_value value = value_of(a.heads, a.value, a.tokens);
        struct its_attr scale = {.name = "scale", .kind = ITS_ATTR_FLOAT, .f = a.scale};
        struct its_node n = {.op = &its_op_attention,
                             .in_count = 3,
                             .in = (struct its_value *[]){&key, &key, &value},
                             .attr_count = 1,
                             .attrs = &scale};
        assert_int_equal(its_op_attention.run(&n, (const void *[]){q, k, v}, (void *[]){want}), 0);
        int parts = its_lanes_attention_parts(&a);
        l->attention(&a, q, k, v, got, 0, parts / 2, scratch);
        l->attention(&a, q, k, v, got, parts / 2, parts, scratch);
        check_guard(got, (size_t)values * 4);
        assert_true(largest_difference(want, got, values) < 2e-6);
        free(q);
        free(k);
        free(v);
        free(want);
        free(got);
        free(scratch);
    }
}

static void test_attention(void **state)
{
    at_every_level(check_attention);
}

static void check_decode(const struct its_lanes *l)
{
    for (int i = 0; i < 8; i++) {
        int w = dice(1, 9), h = dice(1, 9), classes = dice(1, 40), cells = w * h;
        int blocks = (classes + 15) / 16;
        int64_t rows = 4 + classes, stride = 8;
        float *box = its_calloc((size_t)cells * 64, 4), *score = its_calloc((size_t)cells, 4 * 48);
        float *box_block = its_try_aligned((size_t)cells * 64 * 4);
        float *score_block = its_try_aligned((size_t)(cells * blocks) * 16 * 4);
        float *want = its_calloc((size_t)(rows * cells), 4);
        float *got = guarded((size_t)(rows * cells) * 4);
        fill_values(box, cells * 64, &seed);
        fill_values(score, cells * classes, &seed);
        for (int k = 0; k < cells * 64; k++)
            box[k] *= 20;
        for (int b = 0; b < 4; b++)
            l->to_block(box + b * 16 * cells, box_block + b * 16 * cells, 16, cells, cells);
        for (int b = 0; b < blocks; b++)
            l->to_block(score + b * 16 * cells, score_block + b * 16 * cells,
                        ITS_MIN(16, classes - 16 * b), cells, cells);
        struct its_value boxes = value_of(64, h, w), scores = value_of(classes, h, w);
        struct its_value out = {.type = ITS_F32, .shape = {3, {1, rows, cells}}};
        struct its_attr strides = {
            .name = "strides", .kind = ITS_ATTR_INTS, .count = 1, .ints = &stride};
        struct its_node n = {.op = &its_op_head,
                             .in_count = 2,
                             .out_count = 1,
                             .in = (struct its_value *[]){&boxes, &scores},
                             .out = (struct its_value *[]){&out},
                             .attr_count = 1,
                             .attrs = &strides};
        assert_int_equal(its_op_head.run(&n, (const void *[]){box, score}, (void *[]){want}), 0);
        struct its_lanes_level level = {box_block, score_block, w, h, (float)stride};
        int half = cells / 2 / 16 * 16;
        l->decode(&level, classes, got, cells, 0, half);
        l->decode(&level, classes, got, cells, half, cells);
        check_guard(got, (size_t)(rows * cells) * 4);
        double boxes_apart = largest_difference(want, got, 4 * cells);
        double scores_apart =
            largest_difference(want + 4 * cells, got + 4 * cells, (rows - 4) * cells);
        assert_true(boxes_apart < 2e-4);
        assert_true(scores_apart < 1e-6);
        free(box);
        free(score);
        free(box_block);
        free(score_block);
        free(want);
        free(got);
    }
}

static void test_decode(void **state)
{
    at_every_level(check_decode);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool),  cmocka_unit_test(test_enlarge),
        cmocka_unit_test(test_turn),  cmocka_unit_test(test_bf16),
        cmocka_unit_test(test_u8),    cmocka_unit_test(test_attention),
        cmocka_unit_test(test_decode)};
    return cmocka_run_group_tests_name("nn/lanes", tests, NULL, NULL);
}
