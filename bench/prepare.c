/* A picture into a network's input, on one thread: ours against the usual way, libswscale to RGB of
 * the resized picture and a loop that normalises it into place, both written to be fast. In turn,
 * medians of CPU time. Beside them what memory allows: copying as many bytes as we read and write.
 * usage: bench-prepare [ROUNDS] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libswscale/swscale.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/mem.h"
#include "frame/frame.h"
#include "tensor/letterboxer.h"

static void *aligned(size_t bytes)
{
    void *p = its_try_aligned(bytes);
    if (!p)
        exit(1);
    return p;
}

/* --- the picture: gradients and noise, NV12 */

static void picture_init(struct its_frame *f, int w, int h)
{
    uint8_t *y = aligned((size_t)w * h), *uv = aligned((size_t)w * h / 2);
    uint32_t rng = 1;
    *f = (struct its_frame){
        .pixels = ITS_PIXELS_NV12,
        .plane = {y, uv},
        .stride = {w, w},
        .coded_w = w,
        .coded_h = h,
        .display_w = w,
        .display_h = h,
        .matrix = ITS_MATRIX_BT709,
    };
    for (int i = 0; i < w * h; i++) {
        rng = rng * 1664525 + 1013904223;
        y[i] = (uint8_t)(16 + (i % w) * 200 / w + (rng >> 28));
        uv[i / 2] = (uint8_t)(64 + i / w * 120 / h + (rng >> 29));
    }
}

static void picture_fini(struct its_frame *f)
{
    free((void *)f->plane[0]);
    free((void *)f->plane[1]);
}

/* --- the usual way: f32, NCHW, RGB, 0..1 */

struct usual {
    struct SwsContext *sws;
    struct its_letterbox box;
    uint8_t *rgb;
    int stride;
};

static void usual_init(struct usual *u, const struct its_frame *f, const struct its_input *in)
{
    if (its_letterbox_fit(&u->box, f->display_w, f->display_h, in) < 0)
        exit(1);
    u->sws = sws_getContext(f->coded_w, f->coded_h, AV_PIX_FMT_NV12, u->box.w, u->box.h,
                            AV_PIX_FMT_RGB24, SWS_BILINEAR, NULL, NULL, NULL);
    if (!u->sws)
        exit(1);
    sws_setColorspaceDetails(u->sws, sws_getCoefficients(SWS_CS_ITU709), 0,
                             sws_getCoefficients(SWS_CS_ITU709), 1, 0, 1 << 16, 1 << 16);
    u->stride = (u->box.w * 3 + 63) & ~63;
    u->rgb = aligned((size_t)u->stride * u->box.h);
}

static void normalise_row(float *restrict r, float *restrict g, float *restrict b,
                          const uint8_t *restrict rgb, int n)
{
    for (int x = 0; x < n; x++) {
        r[x] = (float)rgb[3 * x] * (1 / 255.0f);
        g[x] = (float)rgb[3 * x + 1] * (1 / 255.0f);
        b[x] = (float)rgb[3 * x + 2] * (1 / 255.0f);
    }
}

static void fill(float *p, size_t n, float v)
{
    for (size_t i = 0; i < n; i++)
        p[i] = v;
}

static void usual_run(struct usual *u, const struct its_frame *f, float *slot)
{
    const struct its_letterbox *b = &u->box;
    size_t plane = (size_t)b->input_w * b->input_h;
    sws_scale(u->sws, f->plane, f->stride, 0, f->coded_h, &u->rgb, &u->stride);
    for (int c = 0; c < 3; c++) {
        float *p = slot + c * plane;
        size_t above = (size_t)b->top * b->input_w, below = above + (size_t)b->h * b->input_w;
        fill(p, above, 114 / 255.0f);
        fill(p + below, plane - below, 114 / 255.0f);
    }
    for (int y = 0; y < b->h; y++) {
        float *row = slot + (size_t)(b->top + y) * b->input_w; /* as wide as the input here */
        normalise_row(row, row + plane, row + 2 * plane, u->rgb + (ptrdiff_t)y * u->stride, b->w);
    }
}

static void usual_fini(struct usual *u)
{
    sws_freeContext(u->sws);
    free(u->rgb);
}

/* --- measuring */

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static double percentile(int64_t *ns, int n, double p)
{
    qsort(ns, (size_t)n, sizeof *ns, by_time);
    return (double)ns[(int)(p * (n - 1))] * 1e-3;
}

static void report(const char *name, const char *variant, int64_t *ns, int n)
{
    double p95 = percentile(ns, n, 0.95);
    printf("%-28s %-8s median %8.1f p95 %8.1f us", name, variant, percentile(ns, n, 0.5), p95);
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

/* A copy that moves as many bytes as the pass touches: pictures are read where rows are needed. */
static double touched_bytes(const struct its_frame *f, const struct its_input *in)
{
    double picture = 1.5 * f->coded_w * f->coded_h;
    return picture + (double)its_input_bytes(in);
}

static void measure(const char *name, const struct its_frame *f, const struct its_input *in,
                    int rounds, bool against_usual)
{
    struct its_letterboxer *l[ITS_CPU_COUNT] = {NULL};
    struct usual usual = {0};
    int levels = (int)its_cpu_best() + 1;
    enum { USUAL = ITS_CPU_COUNT, COPY, WAYS };
    int64_t *ns[WAYS];
    size_t half = (size_t)(touched_bytes(f, in) / 2);
    void *slot = aligned(ITS_MAX(its_input_bytes(in), half)), *copy = aligned(half);
    memset(copy, 1, half);
    for (int i = 0; i < WAYS; i++)
        ns[i] = its_calloc((size_t)rounds, sizeof **ns);
    for (int i = 0; i < levels; i++)
        if (its_letterboxer_create(in, (enum its_cpu)i, &l[i]) < 0)
            exit(1);
    if (against_usual)
        usual_init(&usual, f, in);
    for (int r = -2; r < rounds; r++) {
        for (int way = 0; way < WAYS; way++) {
            int64_t start = now_ns();
            if (way < levels)
                its_letterboxer_frame(l[way], f, slot, NULL);
            else if (way == USUAL && against_usual)
                usual_run(&usual, f, slot);
            else if (way == COPY)
                memcpy(slot, copy, half);
            ns[way][ITS_MAX(r, 0)] = now_ns() - start;
        }
    }
    for (int i = 0; i < levels; i++) {
        report(name, its_cpu_name(i), ns[i], rounds);
        printf(", %5.2f GB/s\n", touched_bytes(f, in) / percentile(ns[i], rounds, 0.5) * 1e-3);
    }
    double best = percentile(ns[levels - 1], rounds, 0.5);
    report(name, "memcpy", ns[COPY], rounds);
    printf(", %5.2f GB/s\n", 2.0 * (double)half / percentile(ns[COPY], rounds, 0.5) * 1e-3);
    if (against_usual) {
        report(name, "swscale", ns[USUAL], rounds);
        printf(", %.2f x ours (wanted: 3)\n", percentile(ns[USUAL], rounds, 0.5) / best);
        usual_fini(&usual);
    }
    for (int i = 0; i < ITS_CPU_COUNT; i++)
        its_letterboxer_destroy(&l[i]);
    for (int i = 0; i < WAYS; i++)
        free(ns[i]);
    free(slot);
    free(copy);
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 200;
    struct its_frame hd, sd, uhd, turned;
    struct its_input in;
    if (rounds < 1)
        return 2;
    picture_init(&hd, 1920, 1080);
    picture_init(&sd, 1280, 720);
    picture_init(&uhd, 3840, 2160);
    turned = hd;
    turned.rotation = 90;
    turned.display_w = 1080;
    turned.display_h = 1920;

    its_input_yolo11(&in, 640, 640);
    measure("1080p 640x640 f32", &hd, &in, rounds, true);
    measure("720p 640x640 f32", &sd, &in, rounds, true);
    measure("2160p 640x640 f32", &uhd, &in, rounds, true);
    measure("1080p turned 640x640 f32", &turned, &in, rounds, false);
    in.element = ITS_ELEMENT_BF16;
    measure("1080p 640x640 bf16", &hd, &in, rounds, false);
    its_input_yolo11(&in, 640, 384);
    measure("1080p 640x384 f32", &hd, &in, rounds, true);
    in.element = ITS_ELEMENT_BF16;
    measure("1080p 640x384 bf16", &hd, &in, rounds, false);
    in.element = ITS_ELEMENT_U8;
    in.scale = 1;
    measure("1080p 640x384 u8", &hd, &in, rounds, false);
    in.layout = ITS_INPUT_NHWC;
    measure("1080p 640x384 u8 nhwc 3", &hd, &in, rounds, false);
    in.pitch = 4;
    measure("1080p 640x384 u8 nhwc 4", &hd, &in, rounds, false);
    in.element = ITS_ELEMENT_BF16;
    measure("1080p 640x384 bf16 nhwc 4", &hd, &in, rounds, false);
    picture_fini(&hd);
    picture_fini(&sd);
    picture_fini(&uhd);
    return 0;
}
