/* Elements of tensors whose type is known only when it runs. Slow, and short. */
#pragma once

#include <stdint.h>

#include "base/dtype.h"

/* Integers and bools. */
static inline int64_t its_integer_at(const void *p, enum its_dtype type, int64_t i)
{
    switch (type) {
    case ITS_S64:
        return ((const int64_t *)p)[i];
    case ITS_S32:
        return ((const int32_t *)p)[i];
    case ITS_S8:
        return ((const int8_t *)p)[i];
    default:
        return ((const uint8_t *)p)[i];
    }
}

/* f32, f64 and integers; exact but for large s64. */
static inline double its_real_at(const void *p, enum its_dtype type, int64_t i)
{
    switch (type) {
    case ITS_F32:
        return ((const float *)p)[i];
    case ITS_F64:
        return ((const double *)p)[i];
    default:
        return (double)its_integer_at(p, type, i);
    }
}

/* Cut to the type: integers wrap. */
static inline void its_put_integer(void *p, enum its_dtype type, int64_t i, int64_t v)
{
    switch (type) {
    case ITS_S64:
        ((int64_t *)p)[i] = v;
        break;
    case ITS_S32:
        ((int32_t *)p)[i] = (int32_t)v;
        break;
    case ITS_S8:
        ((int8_t *)p)[i] = (int8_t)v;
        break;
    default:
        ((uint8_t *)p)[i] = (uint8_t)v;
        break;
    }
}

/* What C leaves open: beyond the range is the range's end, NaN is 0. */
static inline int64_t its_integer_of(double x)
{
    if (x != x)
        return 0;
    return x >= 0x1p63 ? INT64_MAX : x < -0x1p63 ? INT64_MIN : (int64_t)x;
}

static inline void its_put_real(void *p, enum its_dtype type, int64_t i, double v)
{
    switch (type) {
    case ITS_F32:
        ((float *)p)[i] = (float)v;
        break;
    case ITS_F64:
        ((double *)p)[i] = v;
        break;
    default:
        its_put_integer(p, type, i, its_integer_of(v));
        break;
    }
}
