/* One input, element by element. */
#include <math.h>
#include <string.h>

#include "nn/ref/element.h"
#include "nn/ref/ops.h"
#include "nn/ref/unary.h"

/* Applies `expression` of x to every element of type T. */
#define EACH(T, expression)                                                                        \
    do {                                                                                           \
        const T *from = in[0];                                                                     \
        T *to = out[0];                                                                            \
        int64_t count = its_shape_count(&n->out[0]->shape);                                        \
        for (int64_t i = 0; i < count; i++) {                                                      \
            T x = from[i];                                                                         \
            to[i] = expression;                                                                    \
        }                                                                                          \
        return 0;                                                                                  \
    } while (0)

#define FLOATS(name, expression)                                                                   \
    int its_ref_##name(const struct its_node *n, const void *const *in, void *const *out)          \
    {                                                                                              \
        EACH(float, expression);                                                                   \
    }

/* Every type of number; of_integer works in 64 bits and is cut to T, so integers wrap. */
#define NUMBERS(name, of_float, of_integer)                                                        \
    int its_ref_##name(const struct its_node *n, const void *const *in, void *const *out)          \
    {                                                                                              \
        switch (n->in[0]->type) {                                                                  \
        case ITS_F32:                                                                              \
            EACH(float, of_float);                                                                 \
        case ITS_S64:                                                                              \
            EACH(int64_t, (int64_t)(of_integer(x)));                                               \
        case ITS_S32:                                                                              \
            EACH(int32_t, (int32_t)(of_integer(x)));                                               \
        case ITS_U8:                                                                               \
            EACH(uint8_t, (uint8_t)(of_integer(x)));                                               \
        default:                                                                                   \
            EACH(int8_t, (int8_t)(of_integer(x)));                                                 \
        }                                                                                          \
    }

static uint64_t negative(int64_t k)
{
    return -(uint64_t)k;
}

static uint64_t magnitude(int64_t k)
{
    return k < 0 ? negative(k) : (uint64_t)k;
}

static int sign(int64_t k)
{
    return (k > 0) - (k < 0);
}

static int64_t positive(int64_t k)
{
    return k < 0 ? 0 : k;
}

NUMBERS(abs, fabsf(x), magnitude)
NUMBERS(neg, -x, negative)
NUMBERS(sign, (x > 0) - (x < 0), sign)
/* NaN stays NaN. */
NUMBERS(relu, x < 0 ? 0 : x, positive)

float its_sigmoid(float x)
{
    return 1 / (1 + expf(-x));
}

float its_hard_swish(float x)
{
    return x * fmaxf(0, fminf(1, x / 6 + 0.5f));
}

/* log(1 + e^x) without overflow. */
static float softplus(float x)
{
    return fmaxf(x, 0) + log1pf(expf(-fabsf(x)));
}

FLOATS(sigmoid, its_sigmoid(x))
FLOATS(hard_swish, its_hard_swish(x))
FLOATS(tanh, tanhf(x))
FLOATS(softplus, softplus(x))
FLOATS(softsign, x / (1 + fabsf(x)))
FLOATS(mish, x *tanhf(softplus(x)))
FLOATS(erf, erff(x))
FLOATS(exp, expf(x))
FLOATS(log, logf(x))
FLOATS(sqrt, sqrtf(x))
FLOATS(reciprocal, 1 / x)
FLOATS(floor, floorf(x))
FLOATS(ceil, ceilf(x))
/* Halves go to the even neighbour. */
FLOATS(round, rintf(x))
FLOATS(sin, sinf(x))
FLOATS(cos, cosf(x))

int its_ref_leaky_relu(const struct its_node *n, const void *const *in, void *const *out)
{
    float alpha = its_node_float(n, "alpha", 0.01f);
    EACH(float, x < 0 ? alpha * x : x);
}

int its_ref_elu(const struct its_node *n, const void *const *in, void *const *out)
{
    float alpha = its_node_float(n, "alpha", 1);
    EACH(float, x < 0 ? alpha * expm1f(x) : x);
}

int its_ref_hard_sigmoid(const struct its_node *n, const void *const *in, void *const *out)
{
    float alpha = its_node_float(n, "alpha", 0.2f), beta = its_node_float(n, "beta", 0.5f);
    EACH(float, fmaxf(0, fminf(1, alpha * x + beta)));
}

int its_ref_gelu(const struct its_node *n, const void *const *in, void *const *out)
{
    if (!strcmp(its_node_string(n, "approximate", "none"), "tanh"))
        EACH(float, 0.5f * x * (1 + tanhf(0.79788456f * (x + 0.044715f * x * x * x))));
    EACH(float, 0.5f * x * (1 + erff(x * 0.70710678f)));
}

int its_ref_not(const struct its_node *n, const void *const *in, void *const *out)
{
    EACH(uint8_t, !x);
}

/* Also everything that only changes the shape. */
int its_ref_identity(const struct its_node *n, const void *const *in, void *const *out)
{
    const struct its_value *v = n->out[0];
    size_t bytes = its_shape_count(&v->shape) * its_dtype_bytes(v->type);
    if (bytes)
        memcpy(out[0], in[0], bytes);
    return 0;
}

/* --- casts */

static bool real(enum its_dtype type)
{
    return type == ITS_F32 || type == ITS_F64;
}

int its_ref_cast(const struct its_node *n, const void *const *in, void *const *out)
{
    enum its_dtype from = n->in[0]->type, to = n->out[0]->type;
    int64_t count = its_shape_count(&n->out[0]->shape);
    for (int64_t i = 0; i < count; i++) {
        if (to == ITS_BOOL)
            ((uint8_t *)out[0])[i] = its_real_at(in[0], from, i) != 0;
        else if (real(from) || real(to))
            its_put_real(out[0], to, i, its_real_at(in[0], from, i));
        else
            its_put_integer(out[0], to, i, its_integer_at(in[0], from, i));
    }
    return 0;
}
