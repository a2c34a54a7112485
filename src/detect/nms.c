/* The kept ones are gathered at the front of the same array; each further candidate is compared
 * with them. */
#include "detect/nms.h"

void its_nms_set_all(struct its_nms *n, float iou)
{
    *n = (struct its_nms){.kin_iou = 1};
    for (int i = 0; i < ITS_HEAD_CLASSES_MAX; i++)
        n->iou[i] = iou;
}

static bool doubles(const struct its_nms *n, const struct its_candidate *kept,
                    const struct its_candidate *one)
{
    float limit = 1;
    if (kept->class_id == one->class_id)
        limit = n->iou[one->class_id];
    else if (n->kin[kept->class_id] && n->kin[kept->class_id] == n->kin[one->class_id])
        limit = n->kin_iou;
    return limit < 1 && its_box_iou(kept->box, one->box) > limit;
}

void its_nms_run(const struct its_nms *n, struct its_candidates *c, int most)
{
    int kept = 0;
    its_candidates_sort(c);
    for (int i = 0; i < c->count && kept < most; i++) {
        int k = 0;
        while (k < kept && !doubles(n, &c->item[k], &c->item[i]))
            k++;
        if (k == kept)
            c->item[kept++] = c->item[i];
    }
    c->count = kept;
}
