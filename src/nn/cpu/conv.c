/* Runs a packed convolution: strips of rows that fit the cache; for each group of output blocks,
 * lines of pixels; for each line, chunks whose sums are made tile by tile and then stored. */
#include "nn/cpu/conv_priv.h"

#if defined __x86_64__
static const its_conv_tiles *const tiles[][ITS_CONV_BLOCKS] = {
    [ITS_CONV_INT8] = {&its_conv_tiles_int8_1, &its_conv_tiles_int8_2, &its_conv_tiles_int8_3,
                       &its_conv_tiles_int8_4, &its_conv_tiles_int8_5},
    [ITS_CONV_F32] = {&its_conv_tiles_f32_1, &its_conv_tiles_f32_2, &its_conv_tiles_f32_3,
                      &its_conv_tiles_f32_4, &its_conv_tiles_f32_5},
    [ITS_CONV_BF16] = {&its_conv_tiles_bf16_1, &its_conv_tiles_bf16_2, &its_conv_tiles_bf16_3,
                       &its_conv_tiles_bf16_4, &its_conv_tiles_bf16_5},
};

/* Where one call computes: what the loops below hand down. */
struct job {
    const struct its_conv *c;
    const char *in;
    char *out;
    const char *add;
    char *sums, *rows; /* scratch */
};

/* Sums of n pixels, as evenly cut into tiles as it goes: a tile's cost grows with its pixels, and a
 * short one leaves multipliers idle. */
static void sum_chunk(const struct its_conv *c, int group, int blocks, const char *in, int n,
                      char *sums)
{
    const char *weights =
        (const char *)its_conv_part(c, c->weights_at) + (int64_t)group * c->steps * 64;
    const char *first = (const char *)its_conv_part(c, c->first_at) + (int64_t)group * 64;
    const int32_t *offsets = its_conv_part(c, c->offsets_at);
    bool quads = c->feed == ITS_FEED_QUADS || c->feed == ITS_FEED_PLANES;
    int which = quads ? 4 - c->desc.stride : c->desc.stride - 1;
    const its_conv_tiles *t = tiles[c->kind][blocks - 1];
    int count = (n + its_conv_tile_pixels(blocks) - 1) / its_conv_tile_pixels(blocks);
    for (int done = 0; count; count--) {
        int pixels = (n - done + count - 1) / count;
        (*t)[pixels - 1][which](in + (int64_t)done * c->pixel_bytes, offsets, c->steps, weights,
                                first, sums + 64 * done);
        done += pixels;
    }
}

static void store_chunk(const struct job *j, int group, int blocks, int n, int64_t out_pixel,
                        int64_t add_pixel)
{
    const struct its_place *o = &j->c->desc.out, *a = &j->c->desc.add;
    its_conv_store_fn *store =
        j->c->store == ITS_STORE_FIXED ? its_conv_store_fixed : its_conv_store_real;
    int64_t type = (int64_t)its_dtype_bytes(o->type);
    for (int b = 0; b < blocks; b++) {
        int64_t at = out_pixel + its_place_index(o, 0, 16 * (group + b), 0, 0);
        int64_t add_at = add_pixel + (j->add ? its_place_index(a, 0, 16 * (group + b), 0, 0) : 0);
        store(j->c, group + b, j->sums + (int64_t)b * ITS_CONV_CHUNK * 64, n, j->out + at * type,
              j->add ? j->add + add_at * type : NULL);
    }
}

/* n output pixels from (y, 0) of an image on, whose input begins at `in`. */
static void run_line(const struct job *j, int group, int blocks, const char *in, int image, int y,
                     int n)
{
    const struct its_conv *c = j->c;
    const struct its_place *o = &c->desc.out, *a = &c->desc.add;
    int chunks = (n + ITS_CONV_CHUNK - 1) / ITS_CONV_CHUNK;
    int size = ((n + chunks - 1) / chunks + 3) / 4 * 4;
    for (int x = 0; x < n; x += size) {
        int now = ITS_MIN(size, n - x);
        const char *from = in + (int64_t)x * c->pixel_bytes;
        int64_t out_at = its_place_index(o, image, 0, y, 0) + (int64_t)x * o->pixel_stride;
        if (c->desc.groups == 1)
            sum_chunk(c, group, blocks, from, now, j->sums);
        else if (c->desc.math == ITS_CONV_INT8)
            its_conv_depth_int8(c, group, from, now, j->sums);
        else if (c->desc.math == ITS_CONV_BF16)
            its_conv_depth_bf16(c, group, from, now, j->sums);
        else
            its_conv_depth_f32(c, group, from, now, j->sums);
        int64_t add_at =
            j->add ? its_place_index(a, image, 0, y, 0) + (int64_t)x * a->pixel_stride : 0;
        store_chunk(j, group, blocks, now, out_at, add_at);
    }
}

/* Rows [from, to) of one image, few enough for the scratch memory. */
static void run_strip(const struct job *j, int image, int from, int to)
{
    const struct its_conv *c = j->c;
    const struct its_conv_desc *d = &c->desc;
    int64_t type = its_conv_type_bytes(c->kind);
    if (c->feed != ITS_FEED_PLACE)
        its_conv_gather(c, j->in, image, from, to, j->rows);
    for (int group = 0; group < c->out_blocks; group += c->tile_blocks) {
        int blocks = ITS_MIN(c->tile_blocks, c->out_blocks - group);
        if (c->feed == ITS_FEED_PLACE) {
            const char *in = j->in + its_place_index(&d->in, image, 0, from, 0) * type;
            run_line(j, group, blocks, in, image, from, (to - from) * d->out.w);
            continue;
        }
        const char *in = j->rows;
        if (d->groups > 1)
            in += (int64_t)group * c->row_pixels * 16 * type;
        for (int y = from; y < to; y++, in += c->row_bytes * (uint64_t)d->stride)
            run_line(j, group, blocks, in, image, y, d->out.w);
    }
}

static void run_kernels(const struct its_conv *c, const void *in, void *out, const void *add,
                        int from, int to, char *scratch)
{
    struct job j = {c, in, out, add, scratch, scratch + ITS_CONV_BLOCKS * ITS_CONV_CHUNK * 64};
    while (from < to) {
        int image = from / c->desc.out.h, y = from % c->desc.out.h;
        int end = ITS_MIN(ITS_MIN(y + c->strip_rows, c->desc.out.h), y + to - from);
        run_strip(&j, image, y, end);
        from += end - y;
    }
}
#endif

void its_conv_run(const struct its_conv *c, const void *in, void *out, const void *add, int from,
                  int to, void *scratch)
{
    its_assert(!add == !c->desc.add.c);
#if defined __x86_64__
    if (c->isa == ITS_CONV_AVX512) {
        run_kernels(c, in, out, add, from, to, scratch);
        return;
    }
#endif
    bool ints = c->desc.math == ITS_CONV_INT8;
    struct its_conv_weights w = {
        .f32 = ints ? NULL : its_conv_part(c, c->weights_at),
        .s8 = ints ? its_conv_part(c, c->weights_at) : NULL,
        .scale = its_conv_part(c, c->factor_at),
        .bias = its_conv_part(c, c->bias_at),
    };
    its_conv_reference(&c->desc, &w, in, out, add, from, to);
}
