/* How far a quantised model's answers are from the f32 model's, on some of the calibration
 * pictures. One thread. */
#pragma once

#include "nn/quant/quantise.h"

struct its_judge;

/* Runs the f32 model once over the judging pictures and keeps its answers. */
int its_judge_create(const struct its_quantise_settings *settings,
                     const struct its_quant_feed *feed, struct its_judge **out,
                     struct its_error *err);
void its_judge_destroy(struct its_judge **j);

/* Runs that model over the same pictures. For a YOLO head the error is, over the anchors where the
 * f32 model sees something (score >= 0.05), the mean of |change of the best class' score| + |change
 * of the box| relative to its size; for others the relative change of all values (L2). 0: equal. */
int its_judge_file(struct its_judge *j, const char *path, double *error, struct its_error *err);
