/* Runs a network over calibration pictures and watches the values inside. One thread. */
#pragma once

#include "nn/quant/quantise.h"
#include "nn/quant/range.h"
#include "nn/quant/survey.h"

/* By tensor of the survey: what it takes (a group's tensors all have their group's range), and the
 * mean of every channel (dim 1), for the biases. */
struct its_observed {
    int count;
    struct its_range *range;
    double **mean;
};

/* The graph is inferred, batch 1, one picture input; it is run through the passes here, on a copy.
 * `progress` counts pictures twice. */
int its_observe(const struct its_graph *g, const struct its_survey *survey,
                const struct its_quantise_settings *settings, const struct its_quant_feed *feed,
                struct its_observed *out, struct its_error *err);
void its_observed_fini(struct its_observed *o);
