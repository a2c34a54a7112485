/* Two inputs that broadcast, element by element. */
#include <math.h>

#include "nn/ref/element.h"
#include "nn/ref/ops.h"
#include "nn/ref/walk.h"

/* Runs `expression` of a and b (of type T) over the broadcast result (of type R). */
#define EACH(T, R, expression)                                                                     \
    do {                                                                                           \
        struct its_walk w;                                                                         \
        its_walk_init(&w, &n->out[0]->shape);                                                      \
        its_walk_broadcast(&w, 0, &n->in[0]->shape);                                               \
        its_walk_broadcast(&w, 1, &n->in[1]->shape);                                               \
        R *to = out[0];                                                                            \
        for (bool more = its_walk_begin(&w); more; more = its_walk_next(&w)) {                     \
            const T *pa = (const T *)in[0] + w.offset[0], *pb = (const T *)in[1] + w.offset[1];    \
            for (int64_t i = 0; i < w.row; i++) {                                                  \
                T a = pa[i * w.row_step[0]], b = pb[i * w.row_step[1]];                            \
                *to++ = (R)(expression);                                                           \
            }                                                                                      \
        }                                                                                          \
        return 0;                                                                                  \
    } while (0)

#define INTEGERS(R64, R32, RU8, RS8, expression)                                                   \
    switch (n->in[0]->type) {                                                                      \
    case ITS_S64:                                                                                  \
        EACH(int64_t, R64, expression);                                                            \
    case ITS_S32:                                                                                  \
        EACH(int32_t, R32, expression);                                                            \
    case ITS_S8:                                                                                   \
        EACH(int8_t, RS8, expression);                                                             \
    default:                                                                                       \
        EACH(uint8_t, RU8, expression);                                                            \
    }

/* Numbers to numbers of their type; integers wrap. */
#define ARITHMETIC(name, of_floats, of_integers)                                                   \
    int its_ref_##name(const struct its_node *n, const void *const *in, void *const *out)          \
    {                                                                                              \
        if (n->in[0]->type == ITS_F32)                                                             \
            EACH(float, float, of_floats);                                                         \
        INTEGERS(int64_t, int32_t, uint8_t, int8_t, of_integers)                                   \
    }

/* Numbers to bools. */
#define COMPARISON(name, expression)                                                               \
    int its_ref_##name(const struct its_node *n, const void *const *in, void *const *out)          \
    {                                                                                              \
        if (n->in[0]->type == ITS_F32)                                                             \
            EACH(float, uint8_t, expression);                                                      \
        INTEGERS(uint8_t, uint8_t, uint8_t, uint8_t, expression)                                   \
    }

#define LOGIC(name, expression)                                                                    \
    int its_ref_##name(const struct its_node *n, const void *const *in, void *const *out)          \
    {                                                                                              \
        EACH(uint8_t, uint8_t, expression);                                                        \
    }

/* Division by zero, undefined in C, gives 0; so does its remainder. */
static int64_t divide(int64_t a, int64_t b)
{
    return b == 0 ? 0 : b == -1 ? (int64_t) - (uint64_t)a : a / b;
}

static int64_t remainder_like_c(int64_t a, int64_t b)
{
    return b == 0 || b == -1 ? 0 : a % b;
}

/* The remainder has the divisor's sign, as Python's. */
static int64_t modulo(int64_t a, int64_t b)
{
    int64_t r = remainder_like_c(a, b);
    return r && (r < 0) != (b < 0) ? r + b : r;
}

static int64_t integer_power(int64_t a, int64_t b)
{
    if (b < 0)
        return a == 1 ? 1 : a == -1 ? (b & 1 ? -1 : 1) : 0;
    uint64_t base = a, power = 1;
    for (; b; b >>= 1, base *= base)
        if (b & 1)
            power *= base;
    return power;
}

ARITHMETIC(add, a + b, (uint64_t)a + (uint64_t)b)
ARITHMETIC(sub, a - b, (uint64_t)a - (uint64_t)b)
ARITHMETIC(mul, a *b, (uint64_t)a *(uint64_t)b)
ARITHMETIC(div, a / b, divide(a, b))

COMPARISON(equal, a == b)
COMPARISON(greater, a > b)
COMPARISON(greater_equal, a >= b)
COMPARISON(less, a < b)
COMPARISON(less_equal, a <= b)

LOGIC(and, a &&b)
LOGIC(or, a || b)
LOGIC(xor, !a != !b)

int its_ref_mod(const struct its_node *n, const void *const *in, void *const *out)
{
    if (n->in[0]->type == ITS_F32)
        EACH(float, float, fmodf(a, b));
    if (its_node_int(n, "fmod", 0))
        INTEGERS(int64_t, int32_t, uint8_t, int8_t, remainder_like_c(a, b))
    INTEGERS(int64_t, int32_t, uint8_t, int8_t, modulo(a, b))
}

int its_ref_prelu(const struct its_node *n, const void *const *in, void *const *out)
{
    EACH(float, float, a < 0 ? a * b : a);
}

/* --- powers: the exponent has a type of its own */

static void store_power(const struct its_node *n, const void *const *in, void *out, int64_t o,
                        int64_t ia, int64_t ib)
{
    enum its_dtype ta = n->in[0]->type, tb = n->in[1]->type;
    if (ta != ITS_F32 && tb != ITS_F32)
        its_put_integer(
            out, ta, o,
            integer_power(its_integer_at(in[0], ta, ia), its_integer_at(in[1], tb, ib)));
    else
        its_put_real(out, ta, o, pow(its_real_at(in[0], ta, ia), its_real_at(in[1], tb, ib)));
}

int its_ref_pow(const struct its_node *n, const void *const *in, void *const *out)
{
    struct its_walk w;
    its_walk_init(&w, &n->out[0]->shape);
    its_walk_broadcast(&w, 0, &n->in[0]->shape);
    its_walk_broadcast(&w, 1, &n->in[1]->shape);
    int64_t o = 0;
    for (bool more = its_walk_begin(&w); more; more = its_walk_next(&w))
        for (int64_t i = 0; i < w.row; i++)
            store_power(n, in, out[0], o++, w.offset[0] + i * w.row_step[0],
                        w.offset[1] + i * w.row_step[1]);
    return 0;
}
