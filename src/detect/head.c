/* What all heads share: which classes are wanted, and whether an output has the shape its head
 * says. */
#include "detect/head.h"

void its_head_want_add(struct its_head_want *w, int class_id, float threshold)
{
    its_assert(class_id >= 0 && class_id < ITS_HEAD_CLASSES_MAX);
    its_assert(w->count < ITS_HEAD_CLASSES_MAX);
    w->id[w->count++] = class_id;
    w->threshold[class_id] = threshold;
}

void its_head_want_all(struct its_head_want *w, int classes, float threshold)
{
    w->count = 0;
    for (int c = 0; c < classes; c++)
        its_head_want_add(w, c, threshold);
}

float its_head_want_lowest(const struct its_head_want *w)
{
    float lowest = 2;
    for (int i = 0; i < w->count; i++)
        lowest = ITS_MIN(lowest, w->threshold[w->id[i]]);
    return lowest;
}

/* Cells of the grids of stride 8, 16 and 32. */
static int64_t anchors_of(int w, int h)
{
    int64_t sum = 0;
    for (int stride = 8; stride <= 32; stride *= 2)
        sum += (int64_t)(w / stride) * (h / stride);
    return sum;
}

static int refuse(const struct its_output *o, const char *expected, struct its_error *err)
{
    return its_error_set(err, ITS_EUNSUPPORTED, "output '%s' is not %s", o->name, expected);
}

int its_head_check(enum its_head head, int classes, const struct its_output *o, int w, int h,
                   struct its_error *err)
{
    if (classes < 1 || classes > ITS_HEAD_CLASSES_MAX)
        return its_error_set(err, ITS_EUNSUPPORTED, "%d classes (1 to %d are supported)", classes,
                             ITS_HEAD_CLASSES_MAX);
    switch (head) {
    case ITS_HEAD_YOLO:
        if (o->rank != 3 || o->dim[1] != 4 + classes || o->dim[2] < 1 || o->dim[2] > INT32_MAX)
            return refuse(o, "(batch, 4 + classes, anchors)", err);
        return 0;
    case ITS_HEAD_YOLOX:
        if (o->rank != 3 || o->dim[1] != anchors_of(w, h) || o->dim[2] != 5 + classes)
            return refuse(o, "(batch, anchors of strides 8, 16 and 32, 5 + classes)", err);
        return 0;
    case ITS_HEAD_TOP:
        if (o->rank != 3 || o->dim[1] < 1 || o->dim[1] > INT32_MAX || o->dim[2] != 6)
            return refuse(o, "(batch, boxes, 6)", err);
        return 0;
    case ITS_HEAD_NONE:
        break;
    }
    return its_error_set(err, ITS_EUNSUPPORTED,
                         "not a detector we know: expected an export of YOLOv8, YOLO11, YOLOX or "
                         "an NMS-free YOLO");
}
