/* Small graphs for tests, and their outputs by any back end. */
#pragma once

#include "nn/backend.h"
#include "nn/graph.h"
#include "nn/plan.h"

/* Values between -1 and 1, the same for the same seed. */
void fill_values(float *x, int64_t count, uint32_t *seed);

struct its_value *add_input(struct its_graph *g, const char *name, int c, int h, int w);
/* A constant of small random values. */
struct its_value *add_weights(struct its_graph *g, uint32_t *seed, int rank, const int64_t *dim);
struct its_value *add_ints(struct its_graph *g, int count, const int64_t *x);
/* Appends a node; inputs end with NULL. Its (first) output, whose shape is inferred later. */
struct its_value *add_op(struct its_graph *g, const char *op, struct its_value *const *in,
                         int outs);
void set_ints(struct its_graph *g, struct its_value *v, const char *name, int count,
              const int64_t *x);
void set_int(struct its_graph *g, struct its_value *v, const char *name, int64_t x);
/* k x k convolution with bias, padded to keep the size (stride 1). */
struct its_value *add_conv(struct its_graph *g, uint32_t *seed, struct its_value *x, int out, int k,
                           int stride, int group);
struct its_value *add_silu(struct its_graph *g, struct its_value *x);
void set_output(struct its_graph *g, struct its_value *v);

/* Infers; a message ends the test when that fails. */
void infer(struct its_graph *g);

/* Plans and runs the graph on random inputs; its first output, dense. The caller frees. plan: kept
 * for the caller when not NULL. */
float *run_graph(const struct its_graph *g, const struct its_backend *b, int threads,
                 struct its_plan **plan);
/* Largest difference of two arrays; infinity where one has no number. */
double largest_difference(const float *a, const float *b, int64_t count);
