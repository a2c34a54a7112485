/* YOLOv8 and YOLO11 as they are exported: boxes in pixels and scores from 0 to 1, a row of all
 * anchors for each number. */
#include "detect/head_scan.h"

struct rows {
    const float *cx; /* (4, anchors) */
    int anchors;
};

static struct its_box box_of(const void *head, int anchor)
{
    const struct rows *r = head;
    const float *p = r->cx + anchor;
    float cx = p[0], cy = p[r->anchors], w = p[2 * (int64_t)r->anchors],
          h = p[3 * (int64_t)r->anchors];
    return (struct its_box){cx - w / 2, cy - h / 2, w, h};
}

void its_head_read_yolo(const struct its_output *o, int image, const struct its_head_want *want,
                        struct its_candidates *out)
{
    int64_t anchors = o->dim[2];
    struct rows rows = {o->data + image * o->dim[1] * anchors, (int)anchors};
    its_head_scan(&(struct its_head_scan){.score = rows.cx + 4 * anchors,
                                          .block_stride = anchors,
                                          .block = 1,
                                          .pixel_stride = 1,
                                          .anchors = (int)anchors,
                                          .box = box_of,
                                          .head = &rows},
                  want, out);
}
