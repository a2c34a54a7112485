#include "tensor/tensor.h"

#include <errno.h>
#include <math.h>

#include "base/attr.h"

void its_input_yolo11(struct its_input *in, int w, int h)
{
    *in = (struct its_input){
        .w = w,
        .h = h,
        .element = ITS_ELEMENT_F32,
        .layout = ITS_INPUT_NCHW,
        .pitch = 3,
        .scale = 1 / 255.0,
        .placement = ITS_PLACEMENT_CENTRE,
        .pad = 114,
    };
}

void its_input_yolox(struct its_input *in, int w, int h)
{
    its_input_yolo11(in, w, h);
    in->bgr = true;
    in->scale = 1;
    in->placement = ITS_PLACEMENT_TOP_LEFT;
}

int its_input_check(const struct its_input *in)
{
    bool ok = in->w >= 1 && in->w <= ITS_INPUT_SIDE_MAX && in->h >= 1 &&
              in->h <= ITS_INPUT_SIDE_MAX && (unsigned)in->element < ITS_ELEMENT_COUNT &&
              (unsigned)in->layout <= ITS_INPUT_NHWC &&
              (unsigned)in->placement <= ITS_PLACEMENT_TOP_LEFT &&
              (in->layout == ITS_INPUT_NCHW || (in->pitch >= 3 && in->pitch <= 16)) &&
              fabs(in->scale) <= ITS_INPUT_SCALE_MAX && fabs(in->offset) <= ITS_INPUT_SCALE_MAX;
    return ok ? 0 : -EINVAL;
}

size_t its_input_bytes(const struct its_input *in)
{
    size_t per_pixel = in->layout == ITS_INPUT_NHWC ? (size_t)in->pitch : 3;
    return (size_t)in->w * (size_t)in->h * per_pixel * its_element_bytes(in->element);
}

size_t its_element_bytes(enum its_element element)
{
    static const unsigned char bytes[] = {
#define X(name, size, text) size,
        ITS_ELEMENTS(X)
#undef X
    };
    its_assert((unsigned)element < ITS_ELEMENT_COUNT);
    return bytes[element];
}

const char *its_element_name(enum its_element element)
{
    static const char *const names[] = {
#define X(name, size, text) text,
        ITS_ELEMENTS(X)
#undef X
    };
    its_assert((unsigned)element < ITS_ELEMENT_COUNT);
    return names[element];
}
