#include "tiny_models.h"

#include <stdio.h>

static void fill_tables(float points[2][TINY_CELLS], float strides[TINY_CELLS])
{
    int i = 0;
    for (int s = 8; s <= 32; s *= 2)
        for (int y = 0; y < TINY_SIDE / s; y++)
            for (int x = 0; x < TINY_SIDE / s; x++, i++) {
                points[0][i] = (float)x + 0.5f;
                points[1][i] = (float)y + 0.5f;
                strides[i] = (float)s;
            }
}

struct tiny tiny_levels(int channels)
{
    struct tiny t = {0};
    tiny_input(&t, "x", TINY_FLOAT, 4, (int64_t[]){1, channels, TINY_SIDE, TINY_SIDE});
    tiny_node(&t, "MaxPool", "x", "p8", "kernel_shape=8,8, strides=8,8,");
    tiny_node(&t, "MaxPool", "p8", "p16", "kernel_shape=2,2, strides=2,2,");
    tiny_node(&t, "MaxPool", "p16", "p32", "kernel_shape=2,2, strides=2,2,");
    tiny_ints(&t, "s8", 3, (int64_t[]){1, channels, 64});
    tiny_ints(&t, "s16", 3, (int64_t[]){1, channels, 16});
    tiny_ints(&t, "s32", 3, (int64_t[]){1, channels, -1});
    tiny_node(&t, "Reshape", "p8 s8", "r8", NULL);
    tiny_node(&t, "Reshape", "p16 s16", "r16", NULL);
    tiny_node(&t, "Reshape", "p32 s32", "r32", NULL);
    tiny_node(&t, "Concat", "r8 r16 r32", "all", "axis=2");
    return t;
}

struct tiny tiny_decoder(float spoil)
{
    struct tiny t = tiny_levels(3);
    float points[2][TINY_CELLS], strides[TINY_CELLS];
    fill_tables(points, strides);
    points[1][70] += spoil;
    tiny_floats(&t, "points", 3, (int64_t[]){1, 2, TINY_CELLS}, points[0]);
    tiny_floats(&t, "strides", 2, (int64_t[]){1, TINY_CELLS}, strides);
    tiny_ints(&t, "parts", 2, (int64_t[]){2, 1});
    tiny_node(&t, "Split", "all parts", "xy z", "axis=1");
    tiny_node(&t, "Add", "points xy", "moved", NULL);
    tiny_node(&t, "Mul", "moved strides", "pixels", NULL);
    tiny_node(&t, "Concat", "pixels z", "y", "axis=1");
    tiny_output(&t, "y");
    return t;
}

struct tiny tiny_best_of(void)
{
    struct tiny t = tiny_levels(3);
    tiny_ints(&t, "k", 1, (int64_t[]){5});
    tiny_ints(&t, "last", 1, (int64_t[]){-1});
    tiny_ints(&t, "first_out", 3, (int64_t[]){1, 5, 1});
    tiny_node(&t, "Transpose", "all", "cells", "perm=0,2,1,");
    tiny_node(&t, "ReduceMax", "cells", "score", "axes=2, keepdims=0");
    tiny_node(&t, "TopK", "score k", "best where", "axis=-1");
    tiny_node(&t, "Unsqueeze", "where last", "place", NULL);
    tiny_ints(&t, "none", 5, (int64_t[]){0, 0, 0, 0, 0});
    tiny_node(&t, "Reshape", "none first_out", "picture", NULL);
    tiny_node(&t, "Concat", "picture place", "both", "axis=-1");
    tiny_node(&t, "GatherND", "cells both", "rows", NULL);
    tiny_node(&t, "Concat", "rows rows", "y", "axis=-1");
    tiny_output(&t, "y");
    return t;
}

static void add_conv(struct tiny *t, const char *in, const char *out, int outs, int ins, int side,
                     const char *attrs)
{
    float w[8 * 12 * 9], b[8];
    char names[3][32];
    uint32_t seed = (uint32_t)(outs * 977 + ins * 31 + side);
    for (int i = 0; i < outs * ins * side * side; i++) {
        seed = seed * 1664525u + 1013904223u;
        w[i] = ((float)(seed >> 8) / (1 << 23) - 1) * (float)(1 + i % outs) * 0.2f;
    }
    for (int i = 0; i < outs; i++)
        b[i] = 0.1f * (float)(i - 2);
    snprintf(names[0], sizeof(names[0]), "%s_w", out);
    snprintf(names[1], sizeof(names[1]), "%s_b", out);
    snprintf(names[2], sizeof(names[2]), "%s %s_w %s_b", in, out, out);
    tiny_floats(t, names[0], 4, (int64_t[]){outs, ins, side, side}, w);
    tiny_floats(t, names[1], 1, (int64_t[]){outs}, b);
    tiny_node(t, "Conv", names[2], out, attrs);
}

struct tiny tiny_convs(void)
{
    struct tiny t = {0};
    tiny_input(&t, "x", TINY_FLOAT, 4, (int64_t[]){1, 3, TINY_SIDE, TINY_SIDE});
    tiny_ints(&t, "halves", 2, (int64_t[]){4, 4});
    add_conv(&t, "x", "c1", 8, 3, 3, "kernel_shape=3,3, pads=1,1,1,1, strides=2,2,");
    tiny_node(&t, "Relu", "c1", "r1", NULL);
    tiny_node(&t, "Split", "r1 halves", "h1 h2", "axis=1");
    add_conv(&t, "h1", "c2", 4, 2, 3, "kernel_shape=3,3, pads=1,1,1,1, group=2");
    tiny_node(&t, "Concat", "h1 h2 c2", "both", "axis=1");
    add_conv(&t, "both", "c3", 6, 12, 1, "kernel_shape=1,1,");
    add_conv(&t, "c3", "one", 1, 6, 1, "kernel_shape=1,1,");
    tiny_node(&t, "Concat", "c3 one", "y", "axis=1");
    tiny_output(&t, "y");
    return t;
}
