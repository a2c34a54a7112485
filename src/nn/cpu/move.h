/* What stands between convolutions: pooling, enlarging, adding, copying into a part of another
 * tensor.
 *
 * All of them work on c16 places and on rows counted over all images (row y of image n is
 * n * out.h + y), so threads can share one step. They allocate nothing. Pointers are to element 0.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "nn/place.h"

/* Maximum over a square window; what lies outside the input does not count. */
struct its_pool_desc {
    struct its_place in, out; /* u8, s8 or f32, the same type and quantisation; c16 */
    int kernel, stride, pad;
};

bool its_pool_can(const struct its_pool_desc *d);
/* Memory that one running thread needs, aligned to 64. */
size_t its_pool_scratch_bytes(const struct its_pool_desc *d);
void its_pool_run(const struct its_pool_desc *d, const void *in, void *out, int row_from,
                  int row_to, void *scratch);

/* Every pixel `factor` times in both directions (nearest neighbour): out.h = in.h * factor. Types
 * and quantisation are the same. */
bool its_enlarge_can(const struct its_place *in, const struct its_place *out, int factor);
void its_enlarge_run(const struct its_place *in, const struct its_place *out, int factor,
                     const void *from, void *to, int row_from, int row_to);

/* Copies, for parts of a concat that could not be computed in place; u8 and s8 are brought to the
 * quantisation of `out` where it differs. Types are the same. */
bool its_copy_can(const struct its_place *in, const struct its_place *out);
void its_copy_run(const struct its_place *in, const struct its_place *out, const void *from,
                  void *to, int row_from, int row_to);

/* out = a + b: u8, each with its own quantisation, or f32. `to` may be one of the sources if the
 * places are the same. */
bool its_add_can(const struct its_place *a, const struct its_place *b, const struct its_place *out);
void its_add_run(const struct its_place *a, const struct its_place *b, const struct its_place *out,
                 const void *from_a, const void *from_b, void *to, int row_from, int row_to);
