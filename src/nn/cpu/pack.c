/* Descriptor and weights to the packed step of conv_priv.h: which way the input is fed, where the
 * bytes of each step of the sum lie, the weights in the order in which the kernel reads them, and
 * the constants that turn sums into results. */
#include <math.h>
#include <string.h>

#include "nn/cpu/conv_priv.h"

#define STRIP_BYTES                                                                                \
    (64 << 10)              /* of input gathered at a time: it stays in the second-level cache     \
                             */
#define MOST_PRODUCTS 65536 /* per output: 32-bit sums of 8-bit products hold them */
#define SLACK         64    /* depthwise reads whole registers */

static uint64_t round64(uint64_t n)
{
    return (n + 63) / 64 * 64;
}

static bool depthwise(const struct its_conv_desc *d)
{
    return d->groups > 1;
}

static bool types_possible(const struct its_conv_desc *d)
{
    const struct its_place *i = &d->in;
    enum its_dtype out = d->out.type;
    if (d->math == ITS_CONV_INT8)
        return (i->type == ITS_U8 || i->type == ITS_F32) &&
               (out == ITS_U8 || out == ITS_S8 || out == ITS_F32);
    enum its_dtype own = d->math == ITS_CONV_BF16 ? ITS_BF16 : ITS_F32;
    return (i->type == own || (i->type == ITS_F32 && i->layout == ITS_LAYOUT_PLANES)) &&
           (out == own || out == ITS_F32);
}

static bool same_shape(const struct its_place *a, const struct its_place *b)
{
    return a->type == b->type && a->layout == b->layout && a->n == b->n && a->c == b->c &&
           a->h == b->h && a->w == b->w;
}

/* Steps that can be divided by, and a zero point that the type holds. */
static bool quantised(const struct its_place *p, enum its_dtype type)
{
    int least = type == ITS_S8 ? -128 : 0;
    if (type != ITS_U8 && type != ITS_S8)
        return true;
    return p->scale > 0 && isfinite(p->scale) && p->zero >= least && p->zero <= least + 255;
}

static bool steps_possible(const struct its_conv_desc *d)
{
    return (d->math != ITS_CONV_INT8 || quantised(&d->in, ITS_U8)) &&
           quantised(&d->out, d->out.type) && (!d->add.c || quantised(&d->add, d->add.type));
}

/* Any descriptor that makes sense at all. */
static bool possible(const struct its_conv_desc *d)
{
    const struct its_place *i = &d->in, *o = &d->out;
    bool groups = d->groups == 1 || (d->groups == i->c && i->c == o->c);
    bool sizes = i->n > 0 && i->c > 0 && i->h > 0 && i->w > 0 && o->n == i->n && o->c > 0 &&
                 o->h > 0 && o->w > 0 && d->kernel_h > 0 && d->kernel_w > 0 && d->stride > 0;
    return types_possible(d) && steps_possible(d) && groups && sizes &&
           (!d->add.c || same_shape(&d->add, o)) &&
           (int64_t)i->c * d->kernel_h * d->kernel_w <= MOST_PRODUCTS;
}

/* Colours as cameras' pictures have them: RGB or RGBx. */
static bool packed_pixels(const struct its_place *p)
{
    return p->layout == ITS_LAYOUT_PIXELS && p->type == ITS_U8 && p->c >= 3 &&
           p->c <= p->pixel_stride && p->pixel_stride <= 4;
}

static enum its_conv_feed feed_of(const struct its_conv_desc *d)
{
    const struct its_place *i = &d->in;
    if (packed_pixels(i))
        return ITS_FEED_QUADS;
    if (i->layout == ITS_LAYOUT_PLANES)
        return d->math == ITS_CONV_INT8 ? ITS_FEED_QUADS : ITS_FEED_PLANES;
    bool plain = d->kernel_h == 1 && d->kernel_w == 1 && d->stride == 1 && d->pad_top == 0 &&
                 d->pad_left == 0 && d->out.h == i->h && d->out.w == i->w;
    bool dense = i->layout == ITS_LAYOUT_C16 && i->pixel_stride == 16;
    return plain && dense && !depthwise(d) ? ITS_FEED_PLACE : ITS_FEED_ROWS;
}

/* The kernels' offsets into the input are 32 bits. Rows: all of a window's, with their padding. */
static bool offsets_fit(const struct its_conv_desc *d)
{
    const struct its_place *i = &d->in;
    int64_t type = (int64_t)its_dtype_bytes(i->type), most;
    if (feed_of(d) == ITS_FEED_PLACE) {
        if (__builtin_mul_overflow((i->c + 15) / 16 * type, i->block_stride, &most))
            return false;
        return most <= INT32_MAX;
    }
    int64_t pixels = ((int64_t)d->out.w - 1) * d->stride + d->kernel_w;
    if (pixels > INT32_MAX)
        return false;
    int64_t row = pixels * ((i->c + 15) / 16 * 16 * type) + 64;
    return !__builtin_mul_overflow(row, d->kernel_h, &most) && most <= INT32_MAX;
}

/* What the kernels take, apart from what the machine can do. */
static bool kernels_take(const struct its_conv_desc *d)
{
    if (!offsets_fit(d) || d->stride > 2 || d->out.layout == ITS_LAYOUT_PLANES || d->out.block % 16)
        return false;
    if (d->in.layout == ITS_LAYOUT_PLANES)
        return d->in.c <= 4 && d->groups == 1 && d->in.type != ITS_BF16;
    if (d->math == ITS_CONV_INT8 && d->in.type != ITS_U8)
        return false;
    if (packed_pixels(&d->in))
        return d->groups == 1;
    if (depthwise(d))
        return d->math != ITS_CONV_INT8 || d->kernel_w == 3;
    return d->in.block % 16 == 0;
}

static enum its_conv_isa machine_isa(enum its_conv_math m)
{
#if defined __x86_64__
    bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    bool own = m == ITS_CONV_INT8   ? __builtin_cpu_supports("avx512vnni")
               : m == ITS_CONV_BF16 ? __builtin_cpu_supports("avx512bf16")
                                    : true;
    if (wide && own)
        return ITS_CONV_AVX512;
#endif
    return ITS_CONV_C;
}

enum its_conv_isa its_conv_can(const struct its_conv_desc *d)
{
    if (!possible(d))
        return ITS_CONV_NONE;
    return kernels_take(d) ? machine_isa(d->math) : ITS_CONV_C;
}

/* --- sizes */

static int groups_of_blocks(int blocks)
{
    static const int good[] = {4, 5, 3};
    if (blocks <= ITS_CONV_BLOCKS)
        return blocks;
    for (size_t i = 0; i < ITS_ARRAY_LEN(good); i++)
        if (blocks % good[i] == 0)
            return good[i];
    return 4;
}

static void plan_rows(struct its_conv *c)
{
    const struct its_conv_desc *d = &c->desc;
    int type = its_conv_type_bytes(c->kind);
    uint64_t pixel = (uint64_t)type * 16 * (uint64_t)c->in_blocks;
    if (c->feed == ITS_FEED_QUADS)
        pixel = 4;
    else if (c->feed == ITS_FEED_PLANES)
        pixel = 4 * (uint64_t)d->in.c;
    c->row_pixels = (d->out.w - 1) * d->stride + d->kernel_w;
    c->row_bytes = round64(pixel * (uint64_t)c->row_pixels);
    int64_t per_row = (int64_t)c->row_bytes * d->stride;
    int64_t rows = (STRIP_BYTES - (int64_t)c->row_bytes * d->kernel_h) / per_row + 1;
    c->strip_rows = (int)ITS_MAX(1, ITS_MIN(rows, d->out.h));
}

static void plan_steps(struct its_conv *c)
{
    const struct its_conv_desc *d = &c->desc;
    int taps = d->kernel_h * d->kernel_w;
    int type = its_conv_type_bytes(c->kind), near = 16 * type;
    c->step_channels = 4 / type;
    if (c->feed == ITS_FEED_QUADS || c->feed == ITS_FEED_PLANES)
        near = 4;
    c->pixel_bytes = near * d->stride;
    c->steps = depthwise(d) ? d->kernel_h * (d->math == ITS_CONV_INT8 ? 1 : d->kernel_w)
                            : taps * ((d->in.c + c->step_channels - 1) / c->step_channels);
}

/* All that follows from the descriptor alone, the size among it. */
static void plan(const struct its_conv_desc *d, enum its_conv_isa isa, struct its_conv *c)
{
    *c = (struct its_conv){.magic = ITS_CONV_MAGIC, .version = ITS_CONV_VERSION, .isa = isa};
    c->desc = *d;
    c->in_blocks = (d->in.c + 15) / 16;
    c->out_blocks = (d->out.c + 15) / 16;
    c->feed = feed_of(d);
    c->kind = c->feed == ITS_FEED_PLANES ? ITS_CONV_F32 : d->math;
    c->tile_blocks = depthwise(d) ? 1 : groups_of_blocks(c->out_blocks);
    plan_steps(c);
    plan_rows(c);
    uint64_t at = round64(sizeof *c), lanes = (uint64_t)c->out_blocks * 16 * 4;
    uint64_t raw = (uint64_t)d->out.c * (uint64_t)(d->in.c / d->groups) *
                   (uint64_t)(d->kernel_h * d->kernel_w) * (d->math == ITS_CONV_INT8 ? 1 : 4);
    bool packed = isa != ITS_CONV_C;
    c->offsets_at = at;
    c->first_at = at += packed ? round64((uint64_t)c->steps * 4) : 0;
    c->factor_at = at += lanes;
    c->bias_at = at += lanes;
    c->weights_at = at += lanes;
    c->bytes = round64(at + (packed ? (uint64_t)c->steps * 64 * (uint64_t)c->out_blocks : raw));
}

size_t its_conv_bytes(const struct its_conv_desc *d, enum its_conv_isa isa)
{
    struct its_conv c;
    plan(d, isa, &c);
    return (size_t)c.bytes;
}

size_t its_conv_scratch_bytes(const struct its_conv *c)
{
    const struct its_conv_desc *d = &c->desc;
    uint64_t rows = (uint64_t)((c->strip_rows - 1) * d->stride + d->kernel_h);
    uint64_t sums = (uint64_t)ITS_CONV_CHUNK * 64 * ITS_CONV_BLOCKS;
    return (size_t)(sums + (c->feed == ITS_FEED_PLACE ? 0 : rows * c->row_bytes + SLACK));
}

bool its_conv_valid(const struct its_conv *c, size_t bytes)
{
    return bytes >= sizeof *c && c->magic == ITS_CONV_MAGIC && c->version == ITS_CONV_VERSION &&
           c->bytes == bytes && its_conv_can(&c->desc) != ITS_CONV_NONE &&
           (c->isa == ITS_CONV_C || c->isa == its_conv_can(&c->desc)) &&
           bytes == its_conv_bytes(&c->desc, c->isa);
}

double its_conv_ops(const struct its_conv_desc *d)
{
    return 2.0 * d->out.n * d->out.c * d->out.h * d->out.w * (d->in.c / d->groups) * d->kernel_h *
           d->kernel_w;
}

/* --- weights */

/* One weight of the step, as it is multiplied. */
struct weights {
    const struct its_conv_desc *d;
    enum its_conv_math kind;
    const struct its_conv_weights *given;
    int in_c, taps; /* per output channel */
    float *scale;   /* integers: per output channel, padded to whole blocks; part of the step */
};

static int64_t weight_index(const struct weights *w, int out, int in, int tap)
{
    return ((int64_t)out * w->in_c + in) * w->taps + tap;
}

static int8_t weight_s8(const struct weights *w, int out, int in, int tap)
{
    int64_t i = weight_index(w, out, in, tap);
    if (w->given->s8)
        return w->given->s8[i];
    return (int8_t)lrintf(w->given->f32[i] / w->scale[out]);
}

float its_conv_channel_scale(const struct its_conv_desc *d, const struct its_conv_weights *w,
                             int out)
{
    int count = d->in.c / d->groups * d->kernel_h * d->kernel_w;
    float most = 0;
    if (w->s8)
        return w->scale[out];
    for (int i = 0; i < count; i++)
        most = fmaxf(most, fabsf(w->f32[(int64_t)out * count + i]));
    return most > 0 ? most / 127 : 1;
}

/* The four bytes of one output channel at one step: channels from `in` on. */
static void pack_four(const struct weights *w, int out, int in, int tap, int channels, char *to)
{
    for (int i = 0; i < channels && in + i < w->in_c; i++) {
        if (w->kind == ITS_CONV_INT8) {
            int8_t v = weight_s8(w, out, in + i, tap);
            memcpy(to + i, &v, 1);
        } else if (w->kind == ITS_CONV_BF16) {
            uint16_t v = its_bf16_of(w->given->f32[weight_index(w, out, in + i, tap)]);
            memcpy(to + 2 * i, &v, 2);
        } else {
            memcpy(to, &w->given->f32[weight_index(w, out, in, tap)], 4);
        }
    }
}

/* The steps in the order of the sum, by one function so that offsets and weights agree. */
struct step {
    int tap_y, tap_x, in;
};

static struct step step_at(const struct its_conv *c, int s)
{
    int per_tap = (c->desc.in.c + c->step_channels - 1) / c->step_channels;
    int tap = s / per_tap;
    return (struct step){tap / c->desc.kernel_w, tap % c->desc.kernel_w,
                         s % per_tap * c->step_channels};
}

static int32_t offset_at(const struct its_conv *c, struct step s)
{
    int64_t type = its_conv_type_bytes(c->kind), at;
    if (c->feed == ITS_FEED_PLACE)
        at = s.in / 16 * c->desc.in.block_stride * type + s.in % 16 * type;
    else if (c->feed == ITS_FEED_ROWS)
        at = s.tap_y * (int64_t)c->row_bytes +
             ((int64_t)(s.in / 16) * c->row_pixels + s.tap_x) * 16 * type + s.in % 16 * type;
    else if (c->feed == ITS_FEED_QUADS)
        at = s.tap_y * (int64_t)c->row_bytes + s.tap_x * 4;
    else
        at = s.tap_y * (int64_t)c->row_bytes + ((int64_t)s.in * c->row_pixels + s.tap_x) * 4;
    its_assert(at <= INT32_MAX);
    return (int32_t)at;
}

static void pack_steps(struct its_conv *c, const struct weights *w)
{
    int32_t *offsets = (int32_t *)((char *)c + c->offsets_at);
    char *to = (char *)c + c->weights_at;
    for (int s = 0; s < c->steps; s++)
        offsets[s] = offset_at(c, step_at(c, s));
    for (int group = 0; group < c->out_blocks; group += c->tile_blocks) {
        int end = 16 * ITS_MIN(group + c->tile_blocks, c->out_blocks);
        for (int s = 0; s < c->steps; s++) {
            struct step at = step_at(c, s);
            int tap = at.tap_y * c->desc.kernel_w + at.tap_x;
            for (int out = 16 * group; out < end; out++, to += 4)
                if (out < c->desc.out.c)
                    pack_four(w, out, at.in, tap, c->step_channels, to);
        }
    }
}

/* By block and row (integers: the row's three taps in one lane) or tap (f32, also for bf16). */
static void pack_depth(struct its_conv *c, const struct weights *w)
{
    bool ints = c->desc.math == ITS_CONV_INT8;
    for (int out = 0; out < c->desc.out.c; out++)
        for (int s = 0; s < c->steps; s++) {
            char *to = (char *)c + c->weights_at + ((int64_t)(out / 16) * c->steps + s) * 64 +
                       (int64_t)(out % 16) * 4;
            for (int x = 0; ints && x < c->desc.kernel_w; x++)
                pack_four(w, out, 0, s * c->desc.kernel_w + x, 1, to + x);
            if (!ints) {
                float v = w->given->f32[weight_index(w, out, 0, s)];
                v = c->kind == ITS_CONV_BF16 ? its_bf16_value(its_bf16_of(v)) : v;
                memcpy(to, &v, 4);
            }
        }
}

/* --- constants */

static double bend(double x)
{
    return -x / (1 + exp(x));
}

/* Straight pieces of the bend, each moved by half its error so that it lies on both sides; odd
 * pieces are counted from their end (store_fixed.c). The output's zero point is added here. */
static void bend_table(struct its_conv_fixed *f, double step, int zero)
{
    double unit = step / (1 << f->shift), width = unit * (1 << f->segment_shift);
    for (int i = 0; i < 64; i++) {
        double a = bend(i * width), b = bend((i + 1) * width);
        double off = (bend((i + 0.5) * width) - (a + b) / 2) / 2;
        f->silu_base[i] = (int16_t)(lrint(((i & 1 ? b : a) + off) / unit) + (zero << f->shift));
        f->silu_rise[i] = (int16_t)lrint((b - a) / unit);
    }
}

/* Whether 16-bit fixed point is fine enough, and its parameters. */
static bool plan_fixed(struct its_conv *c)
{
    const struct its_conv_desc *d = &c->desc;
    struct its_conv_fixed *f = &c->fixed;
    double step = d->out.scale, ratio = d->add.c ? d->add.scale / step : 1;
    bool silu = d->act == ITS_ACT_SILU;
    if ((d->out.type != ITS_U8 && d->out.type != ITS_S8) ||
        !(silu || d->act == ITS_ACT_RELU || d->act == ITS_ACT_NONE))
        return false;
    f->shift = 6;
    while (f->shift &&
           ((silu && INT16_MAX * step / (1 << f->shift) < 9) || ratio * (1 << f->shift) >= 127))
        f->shift--;
    if (f->shift < 4)
        return false;
    f->segment_shift = 1;
    while (f->segment_shift < 9 && 64 * (1 << f->segment_shift) * step / (1 << f->shift) < 9)
        f->segment_shift++;
    bend_table(f, step, d->out.zero + (d->out.type == ITS_S8 ? 128 : 0));
    f->add_shift = 7;
    f->add_factor = (int32_t)lrint(ratio * (1 << f->shift) * 256);
    return true;
}

static void pack_constants(struct its_conv *c, const struct weights *w)
{
    const struct its_conv_desc *d = &c->desc;
    int32_t *first_int = (int32_t *)((char *)c + c->first_at);
    float *first = (float *)first_int;
    float *factor = (float *)((char *)c + c->factor_at), *bias = (float *)((char *)c + c->bias_at);
    bool ints = d->math == ITS_CONV_INT8;
    float unit = c->store == ITS_STORE_FIXED ? d->out.scale / (float)(1 << c->fixed.shift) : 1;
    for (int out = 0; out < d->out.c; out++) {
        float b = w->given->bias ? w->given->bias[out] : 0;
        if (!ints) {
            first[out] = b;
            continue;
        }
        int32_t sum = 0;
        for (int in = 0; in < w->in_c; in++)
            for (int tap = 0; tap < w->taps; tap++)
                sum += weight_s8(w, out, in, tap);
        first_int[out] = -sum * d->in.zero;
        bias[out] = b / unit;
        factor[out] = w->scale[out] * d->in.scale / unit; /* over the weight's scale: last reader */
    }
}

/* Plain C keeps the weights as they are: OIHW, integers with their scales in `factor`. */
static void pack_raw(struct its_conv *c, const struct weights *w)
{
    float *bias = (float *)((char *)c + c->bias_at);
    for (int out = 0; out < c->desc.out.c; out++) {
        bias[out] = w->given->bias ? w->given->bias[out] : 0;
        for (int in = 0; in < w->in_c; in++)
            for (int tap = 0; tap < w->taps; tap++) {
                char *to = (char *)c + c->weights_at;
                int64_t i = weight_index(w, out, in, tap);
                if (c->desc.math == ITS_CONV_INT8)
                    ((int8_t *)to)[i] = weight_s8(w, out, in, tap);
                else
                    ((float *)to)[i] = w->given->f32[i];
            }
    }
}

void its_conv_prepare(const struct its_conv_desc *d, enum its_conv_isa isa,
                      const struct its_conv_weights *given, struct its_conv *c)
{
    struct weights w = {d, 0, given, d->in.c / d->groups, d->kernel_h * d->kernel_w, NULL};
    its_assert(isa != ITS_CONV_NONE && (uintptr_t)c % 64 == 0);
    memset((void *)c, 0, its_conv_bytes(d, isa));
    plan(d, isa, c);
    w.kind = c->kind;
    w.scale = (float *)((char *)c + c->factor_at);
    if (d->math == ITS_CONV_INT8)
        for (int out = 0; out < d->out.c; out++)
            w.scale[out] = its_conv_channel_scale(d, given, out);
    if (isa == ITS_CONV_C) {
        pack_raw(c, &w);
        return;
    }
    if (depthwise(d))
        pack_depth(c, &w);
    else
        pack_steps(c, &w);
    c->store = d->math == ITS_CONV_INT8 && plan_fixed(c) ? ITS_STORE_FIXED : ITS_STORE_REAL;
    pack_constants(c, &w);
}
