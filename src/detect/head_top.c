/* NMS-free heads: the network has chosen its boxes itself, best first; what is left is to sort out
 * those nobody wants. */
#include "detect/head.h"

static bool wanted(const struct its_head_want *want, int class_id, float score)
{
    for (int k = 0; k < want->count; k++)
        if (want->id[k] == class_id)
            return score >= want->threshold[class_id];
    return false;
}

void its_head_read_top(const struct its_output *o, int image, const struct its_head_want *want,
                       struct its_candidates *out)
{
    const float *row = o->data + image * o->dim[1] * 6;
    for (int i = 0; i < o->dim[1]; i++, row += 6) {
        /* Compared before it is converted: a class that is no int must not become one. */
        if (!(row[5] >= 0 && row[5] < ITS_HEAD_CLASSES_MAX))
            continue;
        struct its_candidate one = {
            .box = {row[0], row[1], row[2] - row[0], row[3] - row[1]},
            .score = row[4],
            .class_id = (int)(row[5] + 0.5f),
            .anchor = i,
        };
        if (wanted(want, one.class_id, one.score))
            its_candidates_add(out, &one);
    }
}
