/* A network as a graph: nodes in an order in which they can run, and the values between them.
 *
 * The importer makes it, passes rewrite it, the plan reads it. Everything hangs on the graph's
 * arena: names, nodes, constants; nothing in it is freed alone. One thread while it is being
 * built; immutable, and shared freely, afterwards.
 *
 * Shapes are concrete: a graph is bound to a batch and a picture size (its_graph_bind) before
 * passes and plan see it. Rank 0 is a scalar. Data are dense and row-major. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/dtype.h"
#include "base/err.h"

#define ITS_RANK_MAX 6

struct its_arena;
struct its_op;

struct its_shape {
    int rank;
    int64_t dim[ITS_RANK_MAX]; /* >= 0; ITS_DIM_UNKNOWN before the graph is bound */
};

#define ITS_DIM_UNKNOWN (-1)

/* Elements; 1 for a scalar. The dims must be known. */
int64_t its_shape_count(const struct its_shape *s);
bool its_shape_equal(const struct its_shape *a, const struct its_shape *b);
/* "1x64x80x80", "scalar"; unknown dims are "?". Cut to the buffer. Returns text. */
const char *its_shape_text(const struct its_shape *s, char *text, size_t bytes);

/* How integers stand for reals: real = (q - zero) * scale. Per tensor, or one scale (and zero) per
 * index of `axis`. */
struct its_quant {
    int count; /* of scale and zero: 1, or the axis' length; 0: not quantised */
    int axis;  /* when count > 1 */
    const float *scale;
    const int32_t *zero;
};

/* A tensor at some point of the graph. */
struct its_value {
    const char *name; /* as in the file, unique; made up for values that a pass adds */
    enum its_dtype type;
    struct its_shape shape;
    bool shaped;            /* type and shape are known */
    void *data;             /* constants: dense, 64-byte aligned; NULL: computed when it runs */
    struct its_node *from;  /* who computes it; NULL for inputs and constants */
    struct its_quant quant; /* integers that stand for reals (QDQ files, after the passes) */
    int id;                 /* 0, 1, …: index into per-value tables */
};

enum its_attr_kind {
    ITS_ATTR_INT,
    ITS_ATTR_FLOAT,
    ITS_ATTR_STRING,
    ITS_ATTR_INTS,
    ITS_ATTR_FLOATS,
    ITS_ATTR_TENSOR
};

struct its_attr {
    const char *name;
    enum its_attr_kind kind;
    int count; /* of ints, floats; 1 otherwise */
    int64_t i;
    float f;
    const char *s;
    const int64_t *ints;
    const float *floats;
    struct its_value *tensor; /* a constant */
};

/* What a convolution or an addition does to its result before it is stored. */
enum its_act {
    ITS_ACT_NONE,
    ITS_ACT_SILU,
    ITS_ACT_RELU,
    ITS_ACT_SIGMOID,
    ITS_ACT_LEAKY,
    ITS_ACT_HARD_SWISH
};

struct its_node {
    const char *name; /* as in the file; "node 17" where the file has none */
    const struct its_op *op;
    int in_count, out_count;
    struct its_value **in; /* NULL: an optional input left out */
    struct its_value **out;
    int attr_count;
    const struct its_attr *attrs;

    /* What the passes folded into it: out = act(op(in…)) + add. */
    enum its_act act;
    float act_alpha;       /* of ITS_ACT_LEAKY */
    struct its_value *add; /* residual of the output's shape; NULL: none */
};

struct its_graph {
    struct its_arena *arena; /* owned */
    int opset;
    int node_count;
    struct its_node **node; /* runnable in this order */
    int value_count;
    struct its_value **value; /* by id */
    int input_count, output_count;
    struct its_value **input, **output;
    int meta_count;
    const char *(*meta)[2]; /* the file's metadata: key, value */
};

/* Empty graph. Never NULL. */
struct its_graph *its_graph_create(void);
void its_graph_destroy(struct its_graph **g);
/* A deep copy that shares nothing but ops and the constants' data: those stay with the original,
 * which must outlive the copy. NULL: no memory. */
struct its_graph *its_graph_clone(const struct its_graph *g);

/* New value or node of the graph; names are copied. A node is appended to the order. */
struct its_value *its_graph_add_value(struct its_graph *g, const char *name, enum its_dtype type,
                                      const struct its_shape *shape /* NULL: not known yet */);
/* A constant; data (dense) are copied, or left zero when NULL. NULL: no memory. */
struct its_value *its_graph_add_constant(struct its_graph *g, const char *name, enum its_dtype type,
                                         const struct its_shape *shape, const void *data);
struct its_node *its_graph_add_node(struct its_graph *g, const struct its_op *op, const char *name,
                                    int in_count, int out_count);

/* The attribute, or NULL. */
const struct its_attr *its_node_attr(const struct its_node *n, const char *name);
int64_t its_node_int(const struct its_node *n, const char *name, int64_t otherwise);
float its_node_float(const struct its_node *n, const char *name, float otherwise);
const char *its_node_string(const struct its_node *n, const char *name, const char *otherwise);
/* The integers and their count; NULL and 0 when it is not there. */
const int64_t *its_node_ints(const struct its_node *n, const char *name, int *count);
/* An input, NULL when left out or beyond the count. */
struct its_value *its_node_in(const struct its_node *n, int index);

/* How many nodes (and graph outputs) read the value. */
int its_graph_uses(const struct its_graph *g, const struct its_value *v);
/* Every reader of `old` reads `new` instead, graph outputs included. */
void its_graph_replace(struct its_graph *g, struct its_value *old, struct its_value *new);
/* Takes nodes out whose results nobody reads, and restores an order in which the rest can run. */
void its_graph_prune(struct its_graph *g);

/* Infers every type and shape from the inputs' and computes what depends on constants alone, up to
 * 64 MiB a tensor: such nodes leave the graph. QuantizeLinear and DequantizeLinear of constants
 * stay, because the passes read their integers. 0, or an error that names node and reason. */
int its_graph_infer(struct its_graph *g, struct its_error *err);

/* Turns an input into a constant of that type and shape: its_graph_infer then computes whatever
 * depends on it. Data are copied. 0; -EINVAL: it is no input of the graph; -ENOMEM. */
int its_graph_fix_input(struct its_graph *g, struct its_value *input, enum its_dtype type,
                        const struct its_shape *shape, const void *data);
