/* Points, boxes and segments in displayed pixels: origin top left, y down. */
#pragma once

struct its_point {
    float x, y;
};

/* Left, top, width, height. */
struct its_box {
    float x, y, w, h;
};

static inline struct its_point its_box_bottom_centre(struct its_box b)
{
    return (struct its_point){b.x + b.w * 0.5f, b.y + b.h};
}

static inline struct its_point its_box_centre(struct its_box b)
{
    return (struct its_point){b.x + b.w * 0.5f, b.y + b.h * 0.5f};
}

static inline float its_box_area(struct its_box b)
{
    return b.w > 0 && b.h > 0 ? b.w * b.h : 0;
}

/* Area that both cover. */
float its_box_intersection(struct its_box a, struct its_box b);

/* Intersection over union, 0..1; 0 when both are empty. */
float its_box_iou(struct its_box a, struct its_box b);

/* Smallest box round both. */
struct its_box its_box_union(struct its_box a, struct its_box b);
