/* A kernel: one way to carry out a node, as a row of a back end's table.
 *
 * A plan asks the rows in turn whether they take a node and in which forms they want its values;
 * prepares the first that does (once per plan: primitives, size of the weights), has it pack its
 * weights into the plan's block, binds it to addresses (once per context), and runs it. What
 * prepare made is immutable afterwards and shared by all contexts of the plan. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "nn/graph.h"
#include "nn/place.h"

/* How a value is stored. */
struct its_form {
    enum its_dtype type;
    enum its_layout layout;
};

static inline bool its_form_equal(struct its_form a, struct its_form b)
{
    return a.type == b.type && a.layout == b.layout;
}

/* A step of a plan, as its kernel sees it. Inputs are the node's own, in its order, and behind them
 * node->add when there is one. */
struct its_step {
    const struct its_node *node; /* NULL: a conversion */
    const struct its_kernel *kernel;
    int in_count, out_count;
    int *in, *out;                                  /* slots of the plan; -1: left out */
    const struct its_place **in_place, **out_place; /* NULL: left out */
    int threads;                                    /* one run may use */

    void *state;         /* made by prepare */
    size_t weight_bytes; /* wanted by prepare */
    void *weights;       /* 64-byte aligned; what pack wrote, or what the cache had */
    size_t scratch_bytes;
    const char *how; /* the implementation, for people; the kernel's name when NULL */
};

/* A step at its addresses. */
struct its_bound {
    const struct its_step *step;
    const void **in;
    void **out;
    void *scratch; /* 64-byte aligned; the contents are lost between steps */
    void *state;   /* made by bind */
};

struct its_kernel {
    const char *name;

    /* Does it take the node? `in` (with the residual last) holds the forms in which the values
     * exist so far, `out` the value's own type and planes: both become what the kernel wants. */
    bool (*takes)(const struct its_node *n, struct its_form *in, struct its_form *out);

    /* NULL: nothing to prepare. ITS_EUNSUPPORTED: after all it cannot, and the next row is asked. A
     * failure leaves nothing to release. */
    int (*prepare)(struct its_step *s, struct its_error *err);
    /* Writes the weights; NULL (only where `cached`): they came from the cache, so what prepare
     * kept for this may go. 0 or -ENOMEM. */
    int (*pack)(const struct its_step *s, void *weights);
    /* Its packed weights may be kept in a file and come back from there: plain numbers, whose every
     * value the kernel survives, and worth more than the reading. */
    bool cached;
    void (*release)(struct its_step *s);

    int (*bind)(struct its_bound *b); /* 0 or -ENOMEM; NULL: nothing to bind */
    void (*unbind)(struct its_bound *b);
    int (*run)(const struct its_bound *b); /* 0, or negative: the back end failed */

    bool alias; /* may leave everything to the plan: its outputs are then parts of other slots */
};

/* A back end: its kernels, the preferred first, a NULL behind the last. */
struct its_backend {
    const char *name;
    const struct its_kernel *const *kernels;
};
