#include "tensor/letterbox.h"

#include <errno.h>
#include <math.h>

#include "base/attr.h"

/* Python's round(), which Ultralytics' arithmetic uses: halves to even. */
static int round_even(double v)
{
    return (int)nearbyint(v);
}

int its_letterbox_fit(struct its_letterbox *box, int display_w, int display_h,
                      const struct its_input *in)
{
    if (display_w < 1 || display_h < 1 || in->w < 1 || in->h < 1)
        return -EINVAL;
    double r = fmin((double)in->w / display_w, (double)in->h / display_h);
    double w = display_w * r, h = display_h * r;
    bool centred = in->placement == ITS_PLACEMENT_CENTRE;
    *box = (struct its_letterbox){
        .display_w = display_w,
        .display_h = display_h,
        .input_w = in->w,
        .input_h = in->h,
        .w = ITS_MAX(centred ? round_even(w) : (int)w, 1),
        .h = ITS_MAX(centred ? round_even(h) : (int)h, 1),
    };
    if (centred) {
        /* The 0.1 breaks the tie of half a pixel: to the right and to the bottom. */
        box->left = round_even((in->w - box->w) / 2.0 - 0.1);
        box->top = round_even((in->h - box->h) / 2.0 - 0.1);
    }
    return 0;
}

struct its_point its_letterbox_to_display(const struct its_letterbox *box, struct its_point p)
{
    return (struct its_point){
        (p.x - (float)box->left) * ((float)box->display_w / (float)box->w),
        (p.y - (float)box->top) * ((float)box->display_h / (float)box->h),
    };
}

struct its_point its_letterbox_to_input(const struct its_letterbox *box, struct its_point p)
{
    return (struct its_point){
        p.x * ((float)box->w / (float)box->display_w) + (float)box->left,
        p.y * ((float)box->h / (float)box->display_h) + (float)box->top,
    };
}

static struct its_box between(struct its_point a, struct its_point b)
{
    return (struct its_box){a.x, a.y, b.x - a.x, b.y - a.y};
}

struct its_box its_letterbox_box_to_display(const struct its_letterbox *box, struct its_box b)
{
    return between(its_letterbox_to_display(box, (struct its_point){b.x, b.y}),
                   its_letterbox_to_display(box, (struct its_point){b.x + b.w, b.y + b.h}));
}

struct its_box its_letterbox_box_to_input(const struct its_letterbox *box, struct its_box b)
{
    return between(its_letterbox_to_input(box, (struct its_point){b.x, b.y}),
                   its_letterbox_to_input(box, (struct its_point){b.x + b.w, b.y + b.h}));
}
