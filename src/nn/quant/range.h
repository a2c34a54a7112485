/* What values a tensor takes over many runs, and which range eight bits should stand for.
 *
 * Two passes over the calibration pictures: the first finds the ends (its_range_widen), the second
 * counts values between them (its_range_count). From the histogram come three answers to compare:
 * the ends themselves, a percentile that cuts rare outliers, and the clipping with the least mean
 * squared error of rounding and cutting together. One thread; plain data, no memory of its own. */
#pragma once

#include <stdint.h>

#define ITS_RANGE_BINS 2048

struct its_range {
    float low, high; /* ends; low > high: nothing seen yet */
    uint64_t count;  /* values in the histogram */
    uint64_t bin[ITS_RANGE_BINS];
};

#define ITS_RANGE_METHODS(X)                                                                       \
    X(MIN_MAX, "min-max")                                                                          \
    X(PERCENTILE, "percentile")                                                                    \
    X(MSE, "mse")

enum its_range_method {
#define X(name, text) ITS_RANGE_##name,
    ITS_RANGE_METHODS(X)
#undef X
        ITS_RANGE_METHOD_COUNT
};

const char *its_range_method_name(enum its_range_method method);
/* The method of that name, or -1. */
int its_range_method_from_name(const char *name);

void its_range_init(struct its_range *r);

/* First pass. Values that are not finite are passed over. */
void its_range_widen(struct its_range *r, const float *values, int64_t count);

/* Second pass, with the ends known; what lies outside counts as the end. */
void its_range_count(struct its_range *r, const float *values, int64_t count);

/* The other tensor's values too: tensors that share memory share one scale. Both in the same pass;
 * in the second, both must have the same ends. */
void its_range_merge(struct its_range *r, const struct its_range *other);

/* real = (q - zero) * scale with q in 0..255; zero lies in 0..255, so that 0.0 is exact. */
struct its_range_u8 {
    float scale;
    int32_t zero;
};
struct its_range_u8 its_range_choose(const struct its_range *r, enum its_range_method method);

/* Mean squared error of writing the histogram's values with these eight bits. */
double its_range_error(const struct its_range *r, struct its_range_u8 as);
