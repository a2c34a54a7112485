/* Every kernel of every level that this processor has against plain C, to the bit: all short
 * lengths, random and extreme values, buffers that end where memory ends. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "tensor/pixels.h"
#include "guarded.h"

#define LONGEST 200
#define SAMPLES (LONGEST + 64 + ITS_SAMPLES_SPARE)

static const uint8_t extremes[] = {0, 255, 1, 254, 128, 127, 16, 235};

static void fill(uint8_t *p, size_t n)
{
    bool wild = rand() % 4 == 0;
    for (size_t i = 0; i < n; i++)
        p[i] = wild ? extremes[rand() % 8] : (uint8_t)rand();
}

static int share_of(int i)
{
    static const int shares[] = {0, 1, 32767, 16384};
    return i < 4 ? shares[i] : rand() % 32768;
}

static void compare_samples(const char *what, enum its_cpu cpu, const int16_t *got,
                            const int16_t *want, int n)
{
    for (int i = 0; i < n; i++)
        if (got[i] != want[i])
            fail_msg("%s %s: sample %d of %d is %d, plain C has %d", what, its_cpu_name(cpu), i, n,
                     got[i], want[i]);
}

static void check_blend(enum its_cpu cpu, int n, int share)
{
    const struct its_pixel_kernels *k = its_pixel_kernels(cpu);
    int16_t got[2][SAMPLES], want[2][SAMPLES];
    struct guarded a, b;
    guarded_init(&a, 2 * (size_t)n, GUARDED_BACK);
    guarded_init(&b, 2 * (size_t)n, GUARDED_BACK);
    fill(a.at, a.bytes);
    fill(b.at, b.bytes);
    const uint8_t *a_end = a.at + n, *b_end = b.at + n;
    k->blend(got[0], a_end, b_end, n, share);
    its_blend_plain(want[0], a_end, b_end, n, share);
    compare_samples("blend", cpu, got[0], want[0], n);
    for (int i = 0; i < n; i++) {
        double exact = a_end[i] + (b_end[i] - a_end[i]) * (share / 32768.0);
        assert_true(fabs(want[0][i] / 128.0 - exact) <= 0.5 / 128 + 1e-9);
    }
    k->blend_pairs(got[0], got[1], a.at, b.at, n, share);
    its_blend_pairs_plain(want[0], want[1], a.at, b.at, n, share);
    compare_samples("blend_pairs", cpu, got[0], want[0], n);
    compare_samples("blend_pairs", cpu, got[1], want[1], n);
    its_blend_strided(got[0], a.at + 1, b.at + 1, 2, n, share);
    compare_samples("blend_strided", cpu, got[0], want[1], n);
    guarded_fini(&a);
    guarded_fini(&b);
}

static void blends(void **state)
{
    srand(1);
    for (int cpu = 0; cpu <= (int)its_cpu_best(); cpu++)
        for (int n = 1; n <= LONGEST; n++)
            for (int i = 0; i < 6; i++)
                check_blend(cpu, n, share_of(i));
}

/* Values at and beside every border of the formats, and everything between. */
static float float_of(int i)
{
    static const float edges[] = {0,        -0.0f,     0.5f,    1.5f,     2.5f,      254.5f,
                                  255.5f,   -0.5f,     -128.5f, -129,     127.5f,    65504,
                                  65519.9f, 65520,     1e6f,    -1e6f,    6.1e-5f,   6.0e-5f,
                                  5.96e-8f, 2.98e-8f,  2.9e-8f, 8.94e-8f, 1.4e-7f,   1e-30f,
                                  1 / 3.0f, 0.333984f, 2049,    2051,     -6.12e-5f, 3.38e38f};
    if (i < (int)ITS_ARRAY_LEN(edges))
        return edges[i];
    float wide = ldexpf((float)rand() / RAND_MAX - 0.5f, rand() % 40 - 24);
    return i & 1 ? wide : (float)(rand() % 5120 - 2560) / 8;
}

static void check_narrow(enum its_cpu cpu, enum its_element e, int n)
{
    const struct its_pixel_kernels *k = its_pixel_kernels(cpu);
    struct guarded got, src;
    uint8_t want[LONGEST * 2];
    guarded_init(&got, n * its_element_bytes(e), GUARDED_BACK);
    guarded_init(&src, n * sizeof(float), GUARDED_BACK);
    float *values = (float *)src.at;
    for (int i = 0; i < n; i++)
        values[i] = float_of(n == LONGEST ? i : rand() % 1000);
    k->narrow[e](got.at, values, n);
    its_pixel_kernels_plain.narrow[e](want, values, n);
    for (size_t i = 0; i < got.bytes; i++)
        if (got.at[i] != want[i])
            fail_msg("narrow %s %s: byte %zu of %zu is %#x, plain C has %#x; the float is %.9g",
                     its_element_name(e), its_cpu_name(cpu), i, got.bytes, got.at[i], want[i],
                     values[i / its_element_bytes(e)]);
    guarded_check(&got);
    guarded_fini(&got);
    guarded_fini(&src);
}

static void narrows(void **state)
{
    srand(2);
    for (int cpu = 0; cpu <= (int)its_cpu_best(); cpu++)
        for (int e = ITS_ELEMENT_BF16; e < ITS_ELEMENT_COUNT; e++)
            for (int n = 1; n <= LONGEST; n++)
                check_narrow(cpu, e, n);
}

/* The reference itself, from the definitions of the formats. */
static double half_value(uint16_t h)
{
    int exponent = h >> 10 & 31, fraction = h & 1023;
    double v = exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);
    return h & 0x8000 ? -v : v;
}

static void narrow_meaning(void **state)
{
    srand(3);
    for (int i = 0; i < 20000; i++) {
        float v = (float)rand() / RAND_MAX * (i & 1 ? 1 : 60000) * (i & 2 ? 1 : -1);
        v = i & 4 ? v : ldexpf(v, -20);
        uint16_t half, brain;
        uint32_t bits;
        float back;
        its_narrow_f16_plain(&half, &v, 1);
        double ulp = fmax(ldexp(1, ilogbf(v) - 10), ldexp(1, -24));
        assert_true(fabs(half_value(half) - v) <= ulp / 2);
        its_narrow_bf16_plain(&brain, &v, 1);
        bits = (uint32_t)brain << 16;
        memcpy(&back, &bits, sizeof back);
        assert_true(fabs((double)back - v) <= ldexp(1, ilogbf(v) - 8));
    }
}

static void check_weave(enum its_cpu cpu, int size, int n, int pitch)
{
    const struct its_pixel_kernels *k = its_pixel_kernels(cpu);
    struct guarded got, src[3];
    const void *rows[3];
    guarded_init(&got, (size_t)n * pitch * size, GUARDED_BACK);
    for (int c = 0; c < 3; c++) {
        guarded_init(&src[c], (size_t)n * size, GUARDED_BACK);
        fill(src[c].at, src[c].bytes);
        rows[c] = src[c].at;
    }
    k->weave[size / 2](got.at, rows, n, pitch);
    for (int i = 0; i < n; i++)
        for (int c = 0; c < pitch; c++)
            for (int byte = 0; byte < size; byte++) {
                int want = c < 3 ? src[c].at[i * size + byte] : 0;
                int have = got.at[((size_t)i * pitch + c) * size + byte];
                if (have != want)
                    fail_msg("weave %s of %d bytes, n %d, pitch %d: pixel %d colour %d is %d, not "
                             "%d",
                             its_cpu_name(cpu), size, n, pitch, i, c, have, want);
            }
    guarded_check(&got);
    guarded_fini(&got);
    for (int c = 0; c < 3; c++)
        guarded_fini(&src[c]);
}

static void weaves(void **state)
{
    static const int pitches[] = {3, 4, 7, 16};
    srand(4);
    for (int cpu = 0; cpu <= (int)its_cpu_best(); cpu++)
        for (int size = 1; size <= 4; size *= 2)
            for (int n = 1; n <= LONGEST; n += 1 + n / 70)
                for (int p = 0; p < 4; p++)
                    check_weave(cpu, size, n, pitches[p]);
}

/* --- columns and colour, over every reach */

static void check_colour(enum its_cpu cpu, struct its_axis axis)
{
    struct its_columns luma = {0}, chroma = {0};
    struct its_colour c = {.bias = {-20, 130, -280}};
    struct guarded got[3];
    float *dst[3], *want[3];
    int16_t *row[3];
    assert_int_equal(its_columns_plan(&luma, &axis), 0);
    axis.halved = true;
    axis.between = rand() & 1;
    assert_int_equal(its_columns_plan(&chroma, &axis), 0);
    its_colour_scale(&c, 1 / 255.0, rand() & 1 ? 0 : -0.5);
    for (int i = 0; i < 3; i++) {
        row[i] = calloc((size_t)axis.in + 64 + ITS_SAMPLES_SPARE, sizeof(int16_t));
        want[i] = calloc((size_t)axis.out, sizeof(float));
        guarded_init(&got[i], (size_t)axis.out * sizeof(float), GUARDED_BACK);
        dst[i] = (float *)got[i].at;
        for (int x = 0; x < axis.in; x++)
            row[i][x] = (int16_t)(rand() % (255 * 128 + 1));
        for (int k = 0; k < 3; k++)
            c.matrix[i][k] = ((float)rand() / RAND_MAX - 0.3f) * 1e-6f;
    }
    const int16_t *const rows[3] = {row[0], row[1], row[2]};
    its_pixel_kernels(cpu)->colour(dst, rows, &luma, &chroma, &c);
    its_pixel_kernels_plain.colour(want, rows, &luma, &chroma, &c);
    for (int i = 0; i < 3; i++) {
        for (int x = 0; x < axis.out; x++)
            if (memcmp(dst[i] + x, want[i] + x, sizeof(float)) != 0)
                fail_msg("colour %s, %d to %d, reach %d: colour %d of column %d is %.9g, plain C "
                         "has %.9g",
                         its_cpu_name(cpu), axis.in, axis.out, luma.reach, i, x, dst[i][x],
                         want[i][x]);
        guarded_check(&got[i]);
        guarded_fini(&got[i]);
        free(row[i]);
        free(want[i]);
    }
    its_columns_fini(&luma);
    its_columns_fini(&chroma);
}

static void colours(void **state)
{
    srand(5);
    for (int cpu = 0; cpu <= (int)its_cpu_best(); cpu++)
        for (int i = 0; i < 600; i++) {
            struct its_axis axis = {.out = 1 + rand() % 150, .reversed = i & 1};
            axis.in = i % 3 ? 1 + rand() % 1500 : 1 + rand() % 150;
            check_colour(cpu, axis);
        }
}

/* Every reach is met by the sizes above, or the test above tests less than it says. */
static void reaches(void **state)
{
    static const struct its_axis axes[] = {
        {.out = 640, .in = 1920}, {.out = 640, .in = 3840}, {.out = 640, .in = 7680}};
    for (int i = 0; i < 3; i++) {
        struct its_columns c = {0};
        assert_int_equal(its_columns_plan(&c, axes + i), 0);
        assert_int_equal(c.reach, i);
        its_columns_fini(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blends), cmocka_unit_test(narrows), cmocka_unit_test(narrow_meaning),
        cmocka_unit_test(weaves), cmocka_unit_test(colours), cmocka_unit_test(reaches),
    };
    print_message("levels: up to %s\n", its_cpu_name(its_cpu_best()));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
