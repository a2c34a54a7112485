#include "base/geom.h"

#include <math.h>

float its_box_intersection(struct its_box a, struct its_box b)
{
    float w = fminf(a.x + a.w, b.x + b.w) - fmaxf(a.x, b.x);
    float h = fminf(a.y + a.h, b.y + b.h) - fmaxf(a.y, b.y);
    return w > 0 && h > 0 ? w * h : 0;
}

float its_box_iou(struct its_box a, struct its_box b)
{
    float inter = its_box_intersection(a, b);
    float all = its_box_area(a) + its_box_area(b) - inter;
    return all > 0 ? inter / all : 0;
}

struct its_box its_box_union(struct its_box a, struct its_box b)
{
    float x = fminf(a.x, b.x), y = fminf(a.y, b.y);
    return (struct its_box){
        .x = x,
        .y = y,
        .w = fmaxf(a.x + a.w, b.x + b.w) - x,
        .h = fmaxf(a.y + a.h, b.y + b.h) - y,
    };
}
