#include "tests/track/boxes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/mem.h"

void its_boxes_add(struct its_boxes *b, const struct its_boxes_item *item)
{
    if (b->count == b->room) {
        b->room = ITS_MAX(2 * b->room, 1024);
        b->item = its_realloc(b->item, (size_t)b->room * sizeof(*b->item));
    }
    b->item[b->count++] = *item;
    b->frames = ITS_MAX(b->frames, item->frame + 1);
}

/* By counting: stable, and the order within a frame is part of the data. */
void its_boxes_sort(struct its_boxes *b)
{
    int *next = its_calloc((size_t)b->frames + 1, sizeof(*next));
    for (int i = 0; i < b->count; i++)
        next[b->item[i].frame + 1]++;
    for (int f = 1; f <= b->frames; f++)
        next[f] += next[f - 1];
    struct its_boxes_item *out = its_calloc((size_t)b->room + 1, sizeof(*out));
    for (int i = 0; i < b->count; i++)
        out[next[b->item[i].frame]++] = b->item[i];
    free(next);
    free(b->item);
    b->item = out;
}

void its_boxes_fini(struct its_boxes *b)
{
    free(b->item);
    *b = (struct its_boxes){0};
}

int its_boxes_find(const struct its_boxes *b, int frame)
{
    int lo = 0, hi = b->count;
    while (lo < hi) {
        int mid = (lo + hi) / 2;
        if (b->item[mid].frame < frame)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

void its_boxes_detections(const struct its_boxes *b, int frame, struct its_detections *out)
{
    out->count = 0;
    for (int i = its_boxes_find(b, frame); i < b->count && b->item[i].frame == frame; i++)
        if (out->count < ITS_DETECTIONS_MAX)
            out->item[out->count++] =
                (struct its_detection){b->item[i].box, b->item[i].score, b->item[i].cls};
}

static enum its_class coco_class(int coco)
{
    static const enum its_class of[] = {
        [0] = ITS_CLASS_PERSON,     [1] = ITS_CLASS_BICYCLE, [2] = ITS_CLASS_CAR,
        [3] = ITS_CLASS_MOTORCYCLE, [5] = ITS_CLASS_BUS,     [7] = ITS_CLASS_TRUCK,
    };
    return coco >= 0 && coco < (int)ITS_ARRAY_LEN(of) ? of[coco] : ITS_CLASS_VEHICLE;
}

int its_boxes_read_mot(const char *path, bool coco, struct its_boxes *out)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return -errno;
    char text[256];
    while (fgets(text, sizeof(text), f)) {
        struct its_boxes_item i = {0};
        double id, cls = 0;
        int n = sscanf(text, "%d,%lf,%f,%f,%f,%f,%f,%lf", &i.frame, &id, &i.box.x, &i.box.y,
                       &i.box.w, &i.box.h, &i.score, &cls);
        if (n < 7 || i.frame < 1)
            continue;
        i.frame--;
        i.id = (int64_t)id;
        i.cls = coco ? coco_class((int)cls) : ITS_CLASS_PERSON;
        its_boxes_add(out, &i);
    }
    fclose(f);
    its_boxes_sort(out);
    return 0;
}

/* KITTI's occlusion levels (fully visible, partly, largely, unknown) and the part cut off by the
 * edge of the picture. */
static float hidden_part(double truncated, int occluded)
{
    static const float level[] = {0, 0.3f, 0.7f, 0.5f};
    float by_others = occluded >= 0 && occluded < 4 ? level[occluded] : 0.5f;
    return ITS_MAX(by_others, (float)truncated);
}

int its_boxes_read_kitti(const char *path, struct its_boxes *out)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return -errno;
    char text[512], type[32];
    while (fgets(text, sizeof(text), f)) {
        struct its_boxes_item i = {.score = 1};
        int id, occluded;
        double truncated;
        float right, bottom;
        int n = sscanf(text, "%d %d %31s %lf %d %*f %f %f %f %f", &i.frame, &id, type, &truncated,
                       &occluded, &i.box.x, &i.box.y, &right, &bottom);
        bool truck = n == 9 && strcmp(type, "Truck") == 0;
        if (n != 9 || i.frame < 0 || (!truck && strcmp(type, "Car") && strcmp(type, "Van")))
            continue;
        i.id = id;
        i.box.w = right - i.box.x;
        i.box.h = bottom - i.box.y;
        i.cls = truck ? ITS_CLASS_TRUCK : ITS_CLASS_CAR;
        i.hidden = hidden_part(truncated, occluded);
        its_boxes_add(out, &i);
    }
    fclose(f);
    its_boxes_sort(out);
    return 0;
}
