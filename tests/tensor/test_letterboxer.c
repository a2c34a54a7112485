/* The whole pass against a model in doubles that is written from the definitions: random pictures
 * of every layout, range, matrix and rotation, odd sizes, padded and negative strides, sample
 * aspects, every element and layout of the input. Every level to the bit like plain C. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "frame/frame.h"
#include "tensor/letterboxer.h"
#include "guarded.h"

/* Of 255; the header promises it. */
#define TOLERANCE 0.1

/* --- allocations, counted by wrapping at link time */

static uint64_t allocations;

void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t n);
void *__real_aligned_alloc(size_t align, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t n);
void *__wrap_aligned_alloc(size_t align, size_t n);

void *__wrap_malloc(size_t n)
{
    allocations++;
    return __real_malloc(n);
}

void *__wrap_calloc(size_t count, size_t n)
{
    allocations++;
    return __real_calloc(count, n);
}

void *__wrap_aligned_alloc(size_t align, size_t n)
{
    allocations++;
    return __real_aligned_alloc(align, n);
}

/* --- random pictures */

struct picture {
    struct its_frame frame;
    struct guarded memory[3];
    int planes;
    int samples_w[3], samples_h[3]; /* bytes of a row; rows */
};

static int between(int low, int high)
{
    return low + rand() % (high - low + 1);
}

static void add_plane(struct picture *p, int w, int h)
{
    int i = p->planes++, stride = w + (rand() % 2 ? 0 : between(1, 70));
    struct guarded *g = &p->memory[i];
    bool wild = rand() % 5 == 0, upside_down = rand() % 4 == 0;
    /* The last row ends where memory ends; or the first begins where it begins. */
    guarded_init(g, (size_t)stride * (h - 1) + w, rand() % 2 ? GUARDED_BACK : GUARDED_FRONT);
    for (size_t k = 0; k < g->bytes; k++)
        g->at[k] = wild ? (rand() & 1) * 255 : rand() & 255;
    p->samples_w[i] = w;
    p->samples_h[i] = h;
    p->frame.plane[i] = upside_down ? g->at + (ptrdiff_t)stride * (h - 1) : g->at;
    p->frame.stride[i] = upside_down ? -stride : stride;
}

static void picture_init(struct picture *p, enum its_pixels pixels, int w, int h)
{
    *p = (struct picture){0};
    struct its_frame *f = &p->frame;
    bool half_x =
        pixels == ITS_PIXELS_I420 || pixels == ITS_PIXELS_I422 || pixels == ITS_PIXELS_NV12;
    bool half_y = pixels == ITS_PIXELS_I420 || pixels == ITS_PIXELS_NV12;
    int cw = half_x ? (w + 1) / 2 : w, ch = half_y ? (h + 1) / 2 : h;
    f->pixels = pixels;
    f->coded_w = w;
    f->coded_h = h;
    f->full_range = rand() & 1;
    f->matrix = rand() & 1 ? ITS_MATRIX_BT709 : ITS_MATRIX_BT601;
    f->rotation = rand() % 2 ? 0 : 90 * (rand() % 4);
    int upright_w = rand() % 4 ? w : between(1, 2 * w);
    f->display_w = f->rotation % 180 ? h : upright_w;
    f->display_h = f->rotation % 180 ? upright_w : h;
    add_plane(p, w, h);
    if (pixels == ITS_PIXELS_NV12)
        add_plane(p, 2 * cw, ch);
    else if (pixels != ITS_PIXELS_GRAY) {
        add_plane(p, cw, ch);
        add_plane(p, cw, ch);
    }
}

static void picture_fini(struct picture *p)
{
    for (int i = 0; i < p->planes; i++)
        guarded_fini(&p->memory[i]);
}

/* --- the model */

static double cut(double v, double low, double high)
{
    return v < low ? low : v > high ? high : v;
}

/* Bilinear among w x h samples with centres at whole coordinates. */
static double look(const uint8_t *px, ptrdiff_t step, ptrdiff_t stride, int w, int h, double x,
                   double y)
{
    x = cut(x, 0, w - 1);
    y = cut(y, 0, h - 1);
    int x0 = (int)x, y0 = (int)y;
    int x1 = ITS_MIN(x0 + 1, w - 1), y1 = ITS_MIN(y0 + 1, h - 1);
    double fx = x - x0, fy = y - y0;
    double top = px[y0 * stride + x0 * step] * (1 - fx) + px[y0 * stride + x1 * step] * fx;
    double low = px[y1 * stride + x0 * step] * (1 - fx) + px[y1 * stride + x1 * step] * fx;
    return top * (1 - fy) + low * fy;
}

/* Colours at (x, y) of the stored picture, pixel edges at whole coordinates. */
static void model_yuv(const struct picture *p, double x, double y, double yuv[3])
{
    const struct its_frame *f = &p->frame;
    yuv[0] = look(f->plane[0], 1, f->stride[0], f->coded_w, f->coded_h, x - 0.5, y - 0.5);
    yuv[1] = yuv[2] = 128;
    if (f->pixels == ITS_PIXELS_GRAY)
        return;
    bool nv12 = f->pixels == ITS_PIXELS_NV12;
    bool half_x = f->pixels != ITS_PIXELS_I444, half_y = half_x && f->pixels != ITS_PIXELS_I422;
    /* Where the first sample of chroma has its centre: over the first luma pixel, or between two.
     */
    double first_x = half_x && f->full_range ? 1 : 0.5, first_y = half_y ? 1 : 0.5;
    double cx = (x - first_x) / (half_x ? 2 : 1), cy = (y - first_y) / (half_y ? 2 : 1);
    for (int i = 1; i < 3; i++) {
        int plane = nv12 ? 1 : i, step = nv12 ? 2 : 1;
        yuv[i] = look(f->plane[plane] + (nv12 ? i - 1 : 0), step, f->stride[plane],
                      p->samples_w[plane] / step, p->samples_h[plane], cx, cy);
    }
}

static void model_rgb(const struct its_frame *f, const double yuv[3], double rgb[3])
{
    double y = f->full_range ? yuv[0] / 255 : (yuv[0] - 16) / 219;
    double pb = (yuv[1] - 128) / (f->full_range ? 255 : 224);
    double pr = (yuv[2] - 128) / (f->full_range ? 255 : 224);
    if (f->matrix == ITS_MATRIX_BT709) {
        rgb[0] = y + 1.5748 * pr;
        rgb[1] = y - 0.187324 * pb - 0.468124 * pr;
        rgb[2] = y + 1.8556 * pb;
    } else {
        rgb[0] = y + 1.402 * pr;
        rgb[1] = y - 0.344136 * pb - 0.714136 * pr;
        rgb[2] = y + 1.772 * pb;
    }
    for (int k = 0; k < 3; k++)
        rgb[k] = cut(rgb[k], 0, 1) * 255;
}

/* The pixel that the input should have at (x, y), 0..255. */
static void model_pixel(const struct picture *p, const struct its_letterbox *box, int x, int y,
                        double rgb[3])
{
    const struct its_frame *f = &p->frame;
    double u = (x - box->left + 0.5) / box->w, v = (y - box->top + 0.5) / box->h;
    double w = f->coded_w, h = f->coded_h, yuv[3];
    double sx = f->rotation == 0     ? u * w
                : f->rotation == 90  ? v * w
                : f->rotation == 180 ? (1 - u) * w
                                     : (1 - v) * w;
    double sy = f->rotation == 0     ? v * h
                : f->rotation == 90  ? (1 - u) * h
                : f->rotation == 180 ? (1 - v) * h
                                     : u * h;
    model_yuv(p, sx, sy, yuv);
    model_rgb(f, yuv, rgb);
}

/* --- reading slots */

static double half_value(uint16_t h)
{
    int exponent = h >> 10 & 31, fraction = h & 1023;
    double v = exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);
    return h & 0x8000 ? -v : v;
}

static double element(const struct its_input *in, const uint8_t *slot, size_t i)
{
    uint32_t bits;
    uint16_t word;
    float v;
    switch (in->element) {
    case ITS_ELEMENT_F32:
        memcpy(&v, slot + 4 * i, 4);
        return (double)v;
    case ITS_ELEMENT_BF16:
        memcpy(&word, slot + 2 * i, 2);
        bits = (uint32_t)word << 16;
        memcpy(&v, &bits, 4);
        return (double)v;
    case ITS_ELEMENT_F16:
        memcpy(&word, slot + 2 * i, 2);
        return half_value(word);
    case ITS_ELEMENT_U8:
        return slot[i];
    default:
        return (int8_t)slot[i];
    }
}

static size_t index_of(const struct its_input *in, int colour, int x, int y)
{
    int c = in->bgr ? 2 - colour : colour;
    if (in->layout == ITS_INPUT_NCHW)
        return ((size_t)c * in->h + y) * in->w + x;
    return ((size_t)y * in->w + x) * in->pitch + c;
}

/* What rounding to the element may add to the tolerance. */
static double rounding(const struct its_input *in, double want)
{
    switch (in->element) {
    case ITS_ELEMENT_F32:
        return 1e-6 * fabs(want) + 1e-9;
    case ITS_ELEMENT_BF16:
        return fabs(want) / 256 + 1e-6;
    case ITS_ELEMENT_F16:
        return fabs(want) / 2048 + 1e-6;
    default:
        return 0.5;
    }
}

static double saturated(const struct its_input *in, double want)
{
    if (in->element == ITS_ELEMENT_U8)
        return cut(want, 0, 255);
    if (in->element == ITS_ELEMENT_S8)
        return cut(want, -128, 127);
    return want;
}

static void describe(const struct its_frame *f, const struct its_input *in)
{
    print_message("picture: layout %d, %dx%d shown %dx%d, turned %d, strides %d %d, %s, %s\n",
                  f->pixels, f->coded_w, f->coded_h, f->display_w, f->display_h, f->rotation,
                  f->stride[0], f->stride[1], f->full_range ? "full" : "limited",
                  f->matrix ? "709" : "601");
    print_message("input: %s %s %dx%d pitch %d %s scale %g offset %g placement %d\n",
                  its_element_name(in->element), in->layout ? "nhwc" : "nchw", in->w, in->h,
                  in->pitch, in->bgr ? "bgr" : "rgb", in->scale, in->offset, in->placement);
}

/* Largest error beyond rounding, of 255. */
static double check_slot(const struct picture *p, const struct its_input *in,
                         const struct its_letterbox *box, const uint8_t *slot)
{
    double worst = 0;
    for (int y = 0; y < in->h; y++) {
        for (int x = 0; x < in->w; x++) {
            bool inside =
                x >= box->left && x < box->left + box->w && y >= box->top && y < box->top + box->h;
            double rgb[3] = {in->pad, in->pad, in->pad};
            if (inside)
                model_pixel(p, box, x, y, rgb);
            for (int c = 0; c < 3; c++) {
                double want = saturated(in, rgb[c] * in->scale + in->offset);
                double got = element(in, slot, index_of(in, c, x, y));
                double off = (fabs(got - want) - rounding(in, want)) / fabs(in->scale);
                worst = fmax(worst, off);
                if (off > (inside ? TOLERANCE : 1e-6)) {
                    describe(&p->frame, in);
                    fail_msg("colour %d at %d,%d is %.9g, should be %.9g", c, x, y, got, want);
                }
            }
            for (int c = 3; in->layout == ITS_INPUT_NHWC && c < in->pitch; c++)
                assert_true(element(in, slot, ((size_t)y * in->w + x) * in->pitch + c) == 0);
        }
    }
    return worst;
}

/* --- tests */

static void random_input(struct its_input *in)
{
    static const double scales[][2] = {{1 / 255.0, 0}, {1, 0}, {2 / 255.0, -1}, {1, -128}};
    static const int pitches[] = {3, 4, 16, 5};
    int s = rand() % 4;
    *in = (struct its_input){
        .w = between(1, 150),
        .h = between(1, 90),
        .element = rand() % ITS_ELEMENT_COUNT,
        .layout = rand() & 1,
        .pitch = pitches[rand() % 4],
        .bgr = rand() & 1,
        .scale = scales[s][0],
        .offset = scales[s][1],
        .placement = rand() & 1,
        .pad = 114,
    };
    if (in->element >= ITS_ELEMENT_U8 && rand() % 4) {
        in->scale = 1;
        in->offset = in->element == ITS_ELEMENT_S8 ? -128 : 0;
    }
}

static void random_size(int round, int *w, int *h)
{
    int big = round % 8 == 0 ? 1500 : round % 3 ? 200 : 20;
    *w = between(1, big);
    *h = between(1, round % 8 == 0 ? 300 : big);
}

/* The slot of a level, in memory that ends or begins with it. */
static void make(const struct its_input *in, enum its_cpu cpu, const struct its_frame *f,
                 struct guarded *slot, struct its_letterbox *box)
{
    struct its_letterboxer *l;
    guarded_init(slot, its_input_bytes(in), rand() & 1 ? GUARDED_BACK : GUARDED_FRONT);
    assert_int_equal(its_letterboxer_create(in, cpu, &l), 0);
    assert_int_equal(its_letterboxer_frame(l, f, slot->at, box), 0);
    guarded_check(slot);
    its_letterboxer_destroy(&l);
    assert_null(l);
}

static void against_model(void **state)
{
    double worst = 0;
    srand(11);
    for (int round = 0; round < 400; round++) {
        struct picture p;
        struct its_input in;
        struct its_letterbox box;
        struct guarded plain, slot;
        int w, h;
        random_size(round, &w, &h);
        picture_init(&p, round % 5, w, h);
        random_input(&in);
        make(&in, ITS_CPU_PLAIN, &p.frame, &plain, &box);
        worst = fmax(worst, check_slot(&p, &in, &box, plain.at));
        for (int cpu = ITS_CPU_AVX2; cpu <= (int)its_cpu_best(); cpu++) {
            make(&in, cpu, &p.frame, &slot, &box);
            if (memcmp(slot.at, plain.at, slot.bytes) != 0) {
                describe(&p.frame, &in);
                fail_msg("round %d: %s differs from plain C", round, its_cpu_name(cpu));
            }
            guarded_fini(&slot);
        }
        guarded_fini(&plain);
        picture_fini(&p);
    }
    print_message("largest error: %.4f of 255 (%g allowed)\n", worst, TOLERANCE);
}

/* Real sizes: the shuffles over far taps, the chroma of 4K. */
static void real_sizes(void **state)
{
    static const int sizes[][4] = {{1920, 1080, 640, 384}, {3840, 2160, 640, 640},
                                   {1280, 720, 640, 640},  {352, 288, 640, 640},
                                   {7680, 432, 640, 64},   {1920, 1080, 96, 96}};
    srand(12);
    for (unsigned i = 0; i < ITS_ARRAY_LEN(sizes); i++) {
        struct picture p;
        struct its_input in;
        struct its_letterbox box;
        struct guarded plain, slot;
        picture_init(&p, i & 1 ? ITS_PIXELS_NV12 : ITS_PIXELS_I420, sizes[i][0], sizes[i][1]);
        its_input_yolo11(&in, sizes[i][2], sizes[i][3]);
        make(&in, ITS_CPU_PLAIN, &p.frame, &plain, &box);
        if (i < 1)
            check_slot(&p, &in, &box, plain.at);
        for (int cpu = ITS_CPU_AVX2; cpu <= (int)its_cpu_best(); cpu++) {
            make(&in, cpu, &p.frame, &slot, &box);
            assert_memory_equal(slot.at, plain.at, slot.bytes);
            guarded_fini(&slot);
        }
        guarded_fini(&plain);
        picture_fini(&p);
    }
}

/* One object for pictures of many forms in turn gives what new ones give, and takes memory for the
 * first of a form only. */
static void plans_again(void **state)
{
    struct its_letterboxer *l;
    struct its_input in;
    its_input_yolox(&in, 96, 64);
    srand(13);
    assert_int_equal(its_letterboxer_create(&in, its_cpu_best(), &l), 0);
    float *slot = malloc(its_input_bytes(&in));
    for (int round = 0; round < 60; round++) {
        struct picture p;
        struct its_letterbox box, again;
        struct guarded fresh;
        picture_init(&p, rand() % 5, between(1, 3) * 37, between(1, 3) * 21);
        make(&in, its_cpu_best(), &p.frame, &fresh, &box);
        for (int i = 0; i < 2; i++) {
            uint64_t before = allocations;
            memset(slot, 0xff, its_input_bytes(&in));
            assert_int_equal(its_letterboxer_frame(l, &p.frame, slot, &again), 0);
            assert_true(i == 0 || allocations == before);
            assert_memory_equal(slot, fresh.at, fresh.bytes);
            assert_memory_equal(&box, &again, sizeof box);
        }
        guarded_fini(&fresh);
        picture_fini(&p);
    }
    free(slot);
    its_letterboxer_destroy(&l);
}

/* A picture of the input's own size passes through: every value is the nearest float to n / 255. */
static void rgb_is_exact(void **state)
{
    enum { W = 48, H = 16 };
    uint8_t *px = malloc(W * H * 3);
    float *slot = malloc(W * H * 3 * sizeof *slot);
    for (int i = 0; i < W * H * 3; i++)
        px[i] = (uint8_t)(i * 7);
    for (int cpu = 0; cpu <= (int)its_cpu_best(); cpu++) {
        struct its_letterboxer *l;
        struct its_input in;
        its_input_yolo11(&in, W, H);
        struct its_rgb24 pictures[2] = {{px, 3 * W, W, H}, {px + 3 * W * (H - 1), -3 * W, W, H}};
        assert_int_equal(its_letterboxer_create(&in, cpu, &l), 0);
        for (int flip = 0; flip < 2; flip++) {
            assert_int_equal(its_letterboxer_rgb24(l, &pictures[flip], slot, NULL), 0);
            for (int y = 0; y < H; y++)
                for (int i = 0; i < 3 * W; i++) {
                    int n = px[3 * W * (flip ? H - 1 - y : y) + i];
                    float got = slot[(i % 3) * W * H + y * W + i / 3], want = (float)n / 255.0f;
                    if (memcmp(&got, &want, sizeof got) != 0)
                        fail_msg("%s: %d became %.9g, not %.9g", its_cpu_name(cpu), n, got, want);
                }
        }
        its_letterboxer_destroy(&l);
    }
    free(px);
    free(slot);
}

/* RGB that is scaled is what the same picture gives as three gray ones. */
static void rgb_is_three_grays(void **state)
{
    enum { W = 61, H = 47, IN = 40 };
    static uint8_t px[W * H * 3], one[W * H];
    static float slot[3 * IN * IN], gray[3 * IN * IN];
    struct its_letterboxer *l;
    struct its_input in;
    srand(14);
    for (int i = 0; i < W * H * 3; i++)
        px[i] = rand() & 255;
    its_input_yolo11(&in, IN, IN);
    assert_int_equal(its_letterboxer_create(&in, its_cpu_best(), &l), 0);
    struct its_rgb24 picture = {px, 3 * W, W, H};
    assert_int_equal(its_letterboxer_rgb24(l, &picture, slot, NULL), 0);
    for (int c = 0; c < 3; c++) {
        struct its_frame f = {.pixels = ITS_PIXELS_GRAY,
                              .plane = {one},
                              .stride = {W},
                              .coded_w = W,
                              .coded_h = H,
                              .display_w = W,
                              .display_h = H,
                              .full_range = true};
        for (int i = 0; i < W * H; i++)
            one[i] = px[3 * i + c];
        assert_int_equal(its_letterboxer_frame(l, &f, gray, NULL), 0);
        assert_memory_equal(slot + c * IN * IN, gray, sizeof(float) * IN * IN);
    }
    its_letterboxer_destroy(&l);
}

static void refused(void **state)
{
    static uint8_t px[16 * 16];
    static float slot[3 * 32 * 32];
    struct its_letterboxer *l;
    struct its_input in;
    its_input_yolo11(&in, 0, 32);
    assert_int_equal(its_letterboxer_create(&in, its_cpu_best(), &l), -EINVAL);
    its_input_yolo11(&in, 32, 32);
    assert_int_equal(its_letterboxer_create(&in, its_cpu_best(), &l), 0);
    struct its_frame good = {.pixels = ITS_PIXELS_GRAY,
                             .plane = {px},
                             .stride = {16},
                             .coded_w = 16,
                             .coded_h = 16,
                             .display_w = 16,
                             .display_h = 16};
    struct its_frame bad[6] = {good, good, good, good, good, good};
    bad[0].plane[0] = NULL;
    bad[1].coded_w = 0;
    bad[2].coded_h = ITS_PICTURE_SIDE_MAX + 1;
    bad[3].rotation = 45;
    bad[4].display_w = 0;
    bad[5].pixels = ITS_PIXELS_I444;
    slot[0] = 42;
    for (unsigned i = 0; i < ITS_ARRAY_LEN(bad); i++) {
        assert_int_equal(its_letterboxer_frame(l, &bad[i], slot, NULL), -EINVAL);
        assert_true(slot[0] == 42);
    }
    assert_int_equal(its_letterboxer_frame(l, &good, slot, NULL), 0);
    assert_int_equal(its_letterboxer_rgb24(l, &(struct its_rgb24){0}, slot, NULL), -EINVAL);
    its_letterboxer_destroy(&l);
    its_letterboxer_destroy(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rgb_is_exact),  cmocka_unit_test(rgb_is_three_grays),
        cmocka_unit_test(against_model), cmocka_unit_test(real_sizes),
        cmocka_unit_test(plans_again),   cmocka_unit_test(refused),
    };
    print_message("levels: up to %s\n", its_cpu_name(its_cpu_best()));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
