/* The operators we read: one table row each, with the versions, what they may be given, how their
 * results' shapes follow, and the plain C that defines what they compute. */
#pragma once

#include "nn/graph.h"

struct its_op {
    const char *name;   /* ONNX's */
    const char *domain; /* "" = ai.onnx; "com.microsoft" */
    int since, until;   /* opset versions whose meaning we have */
    int in_min, in_max; /* inputs; in_max -1: any number */
    int out_min, out_max;
    const char *const *attrs; /* those we understand, NULL-terminated; another one is refused */

    /* Types and shapes of the outputs, from the inputs' (and their data, where constant). Inputs
     * below in_min are there, and all are shaped. Refuses what `run` cannot do, saying why
     * (ITS_EUNSUPPORTED: a sound model that we do not cover; -EINVAL: one that makes no sense); the
     * caller adds node and op. */
    int (*infer)(struct its_node *n, struct its_error *err);

    /* Computes the outputs: the reference. in[i] and out[i] are dense data of the node's values
     * (NULL where left out), whose types and shapes are the inferred ones; inputs that decided a
     * shape are read from their values. What passes folded into the node (act, add) is left to the
     * caller: its_ref_run does it. No allocation beyond scratch; 0, or -ENOMEM. */
    int (*run)(const struct its_node *n, const void *const *in, void *const *out);
};

/* The row for that operator at that opset version, or NULL; then `err` (if given) names the
 * versions we have, or the nearest operator names. */
const struct its_op *its_op_find(const char *domain, const char *name, int opset,
                                 struct its_error *err);

/* All rows, for the documentation and the conformance tests. */
const struct its_op *its_op_table(int *count);
