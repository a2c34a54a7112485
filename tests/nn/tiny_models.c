#include "tiny_models.h"

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
