/* What there is to quantise in a graph: its convolutions, the tensors that must be integers for
 * them, and which of those share a scale. Belongs to one thread; refers to the graph. */
#pragma once

#include <stdbool.h>

#include "nn/graph.h"

struct its_survey_conv {
    const struct its_node *node;
    const struct its_value *input, *weights;
    int channels, each; /* output channels; weights of each */
    int ins, taps, groups;
};

struct its_survey {
    int conv_count;
    struct its_survey_conv *conv;
    int tensor_count;
    const struct its_value **tensor;
    int *group; /* of each tensor: the index of the first of its group; itself, if that is it */
};

/* Convolutions of pictures with constant f32 weights and biases; `wide` (by value id of their output; may be
 * NULL) names those to leave alone. */
void its_survey_make(const struct its_graph *g, const bool *wide, struct its_survey *out);
void its_survey_fini(struct its_survey *s);

/* Index of the tensor, or -1. */
int its_survey_find(const struct its_survey *s, const struct its_value *v);
