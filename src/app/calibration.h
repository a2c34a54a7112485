/* Pictures to calibrate a network with: from photographs, folders of them, and clips, as network
 * inputs kept in memory. One thread. */
#pragma once

#include "base/cancel.h"
#include "base/err.h"
#include "nn/model.h"
#include "nn/quant/quantise.h"

struct its_calibration;

/* Takes at most `most` pictures, spread evenly over all the inputs and over the length of each.
 * Inputs are photographs, folders (their .jpg, .jpeg and .png files) or anything its_film_open
 * opens. The network input is the model's own size. */
int its_calibration_open(const char *const *inputs, unsigned input_count, int most,
                         const struct its_model_info *model, struct its_cancel *cancel,
                         struct its_calibration **out, struct its_error *err);
void its_calibration_close(struct its_calibration **c);

/* For its_quantise; good as long as the calibration. */
struct its_quant_feed its_calibration_feed(struct its_calibration *c);
