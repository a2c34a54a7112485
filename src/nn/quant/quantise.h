/* Post-training quantisation: an f32 model and pictures like those it will see become a QDQ file
 * whose convolutions multiply eight-bit integers.
 *
 * How:
 *   1. Two passes over the pictures learn what values every activation takes (nn/quant/range.h).
 *   2. Weights get a scale per output channel; activations one each, shared along concats and
 *      splits, so that an engine may lay the parts side by side without touching them.
 *   3. Biases take back the shift of every channel's mean that rounding the weights caused.
 *   4. Each way of choosing ranges is tried whole, and the best kept; then every convolution is
 * made wide again in turn, and those that help most stay so. "Best" is measured at the output: the
 * mean change of scores and boxes where the f32 model sees something. One thread, apart from those
 * the network uses. */
#pragma once

#include "base/cancel.h"
#include "base/err.h"
#include "nn/quant/range.h"

/* Calibration pictures, as network inputs. */
struct its_quant_feed {
    int count; /* > 0 */
    /* Fills a dense (3, height, width) input, values as the model wants them. 0 or negative. */
    int (*fill)(void *ctx, int index, float *input, int width, int height);
    void *ctx;
};

struct its_quantise_settings {
    const char *model, *out;
    int threads;   /* for running the network */
    int method;    /* an its_range_method; -1: all are tried */
    int wide_most; /* convolutions that may stay wide besides the head's own; 0: no scan */
    int judges;    /* pictures that trials are judged on, of the feed; taken evenly */

    struct its_cancel *cancel; /* may be NULL; looked at before every picture */

    /* Told how far it is; may be NULL. stage: a few words. */
    void (*progress)(void *ctx, const char *stage, int done, int of);
    void *ctx;
};

/* One thread, every method tried, nothing kept wide, 16 judges.
 *
 * YOLO11n over coco128, calibrated on 96 pictures of twelve clips (48 for the last row). Agreement
 * is mAP@.5:.95 with f32's own detections (score >= .25) as the truth: it ranks as the judge does,
 * while mAP against the labels moves by half a percent at random on so few pictures. Time: one
 * thread of a Zen 5, 640x640.
 *
 *                    judge   agreement   mAP@.5:.95   of f32's      ms
 *   f32                  -       .987        .5066         1
 *   bf16                 -       .984        .5080     1.003
 *   min-max          .0471       .940        .5115     1.010
 *   percentile       .0406       .962        .5052      .997
 *   mse              .0327       .966        .5030      .993     9.1
 *   mse, 5 wide      .0273       .975        .5080     1.003    10.9 */
void its_quantise_defaults(struct its_quantise_settings *s);

#define ITS_QUANT_WIDE_MAX 32

/* What came of it. */
struct its_quantise_report {
    int convs, quantised, tensors, pictures;
    double error[ITS_RANGE_METHOD_COUNT]; /* at the output, by method; -1: not tried */
    enum its_range_method method;         /* the one taken */
    double error_final;                   /* with the wide convolutions */
    int wide_count;
    char wide[ITS_QUANT_WIDE_MAX][96]; /* their nodes */
    long long bytes_before, bytes_after;
};

/* What can be refused before any picture is looked at: a model that cannot be quantised, an output
 * that cannot be written (or is the model itself). its_quantise asks it too. */
int its_quantise_check(const struct its_quantise_settings *settings, struct its_error *err);

/* Writes settings->out, whole or not at all, with a file `out`.trial beside it in the meantime.
 * ITS_ECANCELLED: stopped by the cancel object; neither is there. */
int its_quantise(const struct its_quantise_settings *settings, const struct its_quant_feed *feed,
                 struct its_quantise_report *report, struct its_error *err);
