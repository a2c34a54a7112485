#include "nn/quant/range.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/attr.h"

/* Of all values this part may be cut off, both ends together: 99.99 % is what calibration of
 * detectors settled on; SiLU's rare peaks are far out, and a detector lives by its peaks. */
#define PERCENTILE_CUT 1e-4

/* Clippings tried for the least error: this many steps from the ends inwards. */
#define MSE_STEPS 96

static const char *const names[] = {
#define X(name, text) text,
    ITS_RANGE_METHODS(X)
#undef X
};

const char *its_range_method_name(enum its_range_method method)
{
    return names[method];
}

int its_range_method_from_name(const char *name)
{
    for (unsigned i = 0; i < ITS_ARRAY_LEN(names); i++)
        if (strcmp(names[i], name) == 0)
            return (int)i;
    return -1;
}

void its_range_init(struct its_range *r)
{
    memset(r, 0, sizeof(*r));
    r->low = FLT_MAX;
    r->high = -FLT_MAX;
}

void its_range_widen(struct its_range *r, const float *values, int64_t count)
{
    float low = r->low, high = r->high;
    for (int64_t i = 0; i < count; i++) {
        float v = values[i];
        if (!isfinite(v))
            continue;
        low = v < low ? v : low;
        high = v > high ? v : high;
    }
    r->low = low;
    r->high = high;
}

void its_range_count(struct its_range *r, const float *values, int64_t count)
{
    if (r->low > r->high)
        return;
    float width = r->high - r->low;
    float per_bin = width > 0 ? (float)ITS_RANGE_BINS / width : 0;
    for (int64_t i = 0; i < count; i++) {
        if (!isfinite(values[i]))
            continue;
        float at = (values[i] - r->low) * per_bin;
        int bin = at < 0 ? 0 : at >= ITS_RANGE_BINS ? ITS_RANGE_BINS - 1 : (int)at;
        r->bin[bin]++;
        r->count++;
    }
}

void its_range_merge(struct its_range *r, const struct its_range *other)
{
    r->low = ITS_MIN(r->low, other->low);
    r->high = ITS_MAX(r->high, other->high);
    r->count += other->count;
    for (int i = 0; i < ITS_RANGE_BINS; i++)
        r->bin[i] += other->bin[i];
}

/* Eight bits for low..high. Zero is part of the range: it is what borders are padded with. */
static struct its_range_u8 fit(float low, float high)
{
    low = ITS_MIN(low, 0.0f);
    high = ITS_MAX(high, 0.0f);
    if (high - low < 1e-12f)
        return (struct its_range_u8){1.0f, 0};
    float scale = (high - low) / 255.0f;
    float zero = nearbyintf(-low / scale);
    return (struct its_range_u8){scale, (int32_t)ITS_MAX(0.0f, ITS_MIN(255.0f, zero))};
}

static float middle(const struct its_range *r, int bin)
{
    return r->low + (r->high - r->low) * ((float)bin + 0.5f) / ITS_RANGE_BINS;
}

double its_range_error(const struct its_range *r, struct its_range_u8 as)
{
    if (r->count == 0)
        return 0;
    /* Within a bin wider than a step the values are spread out: their rounding error is that of a
     * uniform spread, whatever the bin's middle happens to hit. */
    double sum = 0, rounding = (double)as.scale * as.scale / 12;
    float low = (float)-as.zero * as.scale, high = (float)(255 - as.zero) * as.scale;
    for (int i = 0; i < ITS_RANGE_BINS; i++) {
        if (!r->bin[i])
            continue;
        float v = middle(r, i);
        double cut = v < low ? (double)low - v : v > high ? (double)v - high : 0;
        sum += (double)r->bin[i] * (cut * cut + rounding);
    }
    return sum / (double)r->count;
}

static struct its_range_u8 choose_percentile(const struct its_range *r)
{
    uint64_t may = (uint64_t)((double)r->count * PERCENTILE_CUT / 2);
    int first = 0, last = ITS_RANGE_BINS - 1;
    for (uint64_t cut = 0; first < last && (cut += r->bin[first]) <= may;)
        first++;
    for (uint64_t cut = 0; last > first && (cut += r->bin[last]) <= may;)
        last--;
    float width = (r->high - r->low) / ITS_RANGE_BINS;
    return fit(r->low + width * (float)first, r->low + width * (float)(last + 1));
}

/* The upper end moves inwards step by step; the lower end is cut alike where it is the longer one
 * (SiLU's lower end, -0.28, is worth its few codes as it stands). */
static struct its_range_u8 choose_mse(const struct its_range *r)
{
    struct its_range_u8 best = fit(r->low, r->high);
    double least = its_range_error(r, best);
    for (int i = 1; i < MSE_STEPS; i++) {
        float keep = 1.0f - (float)i / MSE_STEPS;
        float high = r->high * keep;
        struct its_range_u8 as = fit(ITS_MAX(r->low, ITS_MIN(-high, -0.3f)), high);
        double error = its_range_error(r, as);
        if (error < least) {
            least = error;
            best = as;
        }
    }
    return best;
}

struct its_range_u8 its_range_choose(const struct its_range *r, enum its_range_method method)
{
    if (r->low > r->high)
        return (struct its_range_u8){1.0f, 0};
    switch (method) {
    case ITS_RANGE_PERCENTILE:
        return r->count ? choose_percentile(r) : fit(r->low, r->high);
    case ITS_RANGE_MSE:
        return r->count ? choose_mse(r) : fit(r->low, r->high);
    default:
        return fit(r->low, r->high);
    }
}
