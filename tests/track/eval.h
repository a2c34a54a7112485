/* How good a tracker is, by the field's measures on boxes with ids:
 *
 *   HOTA, DetA, AssA  Luiten et al., "HOTA: A Higher Order Metric for Evaluating Multi-Object
 *                     Tracking", IJCV 2020; mean over localisation thresholds 0.05 … 0.95
 *   MOTA, switches    Bernardin, Stiefelhagen, "Evaluating Multiple Object Tracking Performance:
 *                     The CLEAR MOT Metrics", 2008; IoU >= 0.5, a match kept while it holds
 *   IDF1              Ristani et al., "Performance Measures and a Data Set for Multi-Target,
 *                     Multi-Camera Tracking", 2016; IoU >= 0.5
 *
 * Sequences are added up by their counts before any ratio is formed, as the benchmarks do. */
#pragma once

#include <stdint.h>

#include "tests/track/boxes.h"

#define ITS_EVAL_ALPHAS 19

/* Counts over the sequences so far. Zero-initialise. */
struct its_eval {
    /* --- HOTA, for each threshold */
    double hit[ITS_EVAL_ALPHAS], miss[ITS_EVAL_ALPHAS], extra[ITS_EVAL_ALPHAS];
    double association[ITS_EVAL_ALPHAS]; /* sum of A(c) over the hits c */
    /* --- CLEAR */
    int64_t tp, fp, fn, switches;
    /* --- identity */
    int64_t idtp, idfp, idfn;
};

/* Adds one sequence: what is there and what a tracker said. Ids >= 0 in both. */
void its_eval_add(struct its_eval *e, const struct its_boxes *truth, const struct its_boxes *said);

/* All 0..1, MOTA may be negative. */
struct its_eval_scores {
    double hota, deta, assa, mota, idf1;
};
struct its_eval_scores its_eval_scores(const struct its_eval *e);
