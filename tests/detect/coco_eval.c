/* Both lists are sorted by class, then by image, the detections of an image by score: a class is a
 * stretch of each list, an image a stretch of that. */
#include "tests/detect/coco_eval.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/attr.h"
#include "base/mem.h"

#define PER_IMAGE 100
#define RECALLS   101

void its_coco_add(struct its_coco_items *list, const struct its_coco_item *one)
{
    if (list->count == list->room) {
        list->room = list->room ? 2 * list->room : 256;
        list->item = its_realloc(list->item, (size_t)list->room * sizeof(*list->item));
    }
    list->item[list->count++] = *one;
}

void its_coco_fini(struct its_coco_items *list)
{
    free(list->item);
    *list = (struct its_coco_items){0};
}

int its_coco_read_labels(const char *path, int image, int w, int h, struct its_coco_items *out)
{
    FILE *f = fopen(path, "r");
    if (!f)
        return errno == ENOENT ? 0 : -errno;
    struct its_coco_item one = {.image = image};
    float cx, cy, bw, bh;
    int fields;
    while ((fields = fscanf(f, "%d %f %f %f %f", &one.class_id, &cx, &cy, &bw, &bh)) == 5) {
        one.box = (struct its_box){(cx - bw / 2) * (float)w, (cy - bh / 2) * (float)h,
                                   bw * (float)w, bh * (float)h};
        its_coco_add(out, &one);
    }
    fclose(f);
    return fields == EOF ? 0 : -EINVAL;
}

/* --- stretches */

static int by_class_image_score(const void *pa, const void *pb)
{
    const struct its_coco_item *a = pa, *b = pb;
    if (a->class_id != b->class_id)
        return a->class_id < b->class_id ? -1 : 1;
    if (a->image != b->image)
        return a->image < b->image ? -1 : 1;
    return (a->score < b->score) - (a->score > b->score);
}

static void sort(struct its_coco_items *list)
{
    if (list->count > 0)
        qsort(list->item, (size_t)list->count, sizeof(*list->item), by_class_image_score);
}

struct stretch {
    const struct its_coco_item *item;
    int count;
};

/* The items from `at` on that are of that class; moves `at` behind them. */
static struct stretch class_of(const struct its_coco_items *list, int *at, int class_id)
{
    while (*at < list->count && list->item[*at].class_id < class_id)
        ++*at;
    struct stretch s = {list->item + *at, 0};
    while (*at < list->count && list->item[*at].class_id == class_id) {
        s.count++;
        ++*at;
    }
    return s;
}

/* The same for an image of a class. */
static struct stretch image_of(struct stretch all, int *at, int image)
{
    while (*at < all.count && all.item[*at].image < image)
        ++*at;
    struct stretch s = {all.item + *at, 0};
    while (*at < all.count && all.item[*at].image == image) {
        s.count++;
        ++*at;
    }
    return s;
}

/* --- matching */

struct verdict {
    float score;
    bool right;
};

/* Each detection, best first, takes the free truth that it overlaps most, if that is enough. */
static int match_image(struct stretch truth, struct stretch found, float limit,
                       struct verdict *verdict)
{
    bool *taken = its_calloc((size_t)truth.count + 1, sizeof(*taken));
    int count = ITS_MIN(found.count, PER_IMAGE);
    for (int i = 0; i < count; i++) {
        float most = limit;
        int best = -1;
        for (int k = 0; k < truth.count; k++) {
            float iou = taken[k] ? -1 : its_box_iou(truth.item[k].box, found.item[i].box);
            if (iou >= most) {
                most = iou;
                best = k;
            }
        }
        if (best >= 0)
            taken[best] = true;
        verdict[i] = (struct verdict){found.item[i].score, best >= 0};
    }
    free(taken);
    return count;
}

/* All images of a class; returns how many verdicts. */
static int match_class(struct stretch truth, struct stretch found, float limit,
                       struct verdict *verdict)
{
    int count = 0, truth_at = 0, found_at = 0;
    while (found_at < found.count) {
        int image = found.item[found_at].image;
        count += match_image(image_of(truth, &truth_at, image), image_of(found, &found_at, image),
                             limit, verdict + count);
    }
    return count;
}

/* --- precision over recall */

static int by_score(const void *pa, const void *pb)
{
    const struct verdict *a = pa, *b = pb;
    return (a->score < b->score) - (a->score > b->score);
}

/* The mean, over 101 recalls, of the best precision at that recall or beyond. */
static double average_precision(struct verdict *verdict, int count, int truths)
{
    double *precision = its_calloc((size_t)count + 1, sizeof(*precision));
    double *recall = its_calloc((size_t)count + 1, sizeof(*recall));
    if (count)
        qsort(verdict, (size_t)count, sizeof(*verdict), by_score);
    for (int i = 0, right = 0; i < count; i++) {
        right += verdict[i].right;
        precision[i] = (double)right / (i + 1);
        recall[i] = (double)right / truths;
    }
    for (int i = count - 2; i >= 0; i--)
        precision[i] = ITS_MAX(precision[i], precision[i + 1]);

    double sum = 0;
    for (int r = 0, i = 0; r < RECALLS; r++) {
        while (i < count && recall[i] < r * 0.01)
            i++;
        sum += i < count ? precision[i] : 0;
    }
    free(precision);
    free(recall);
    return sum / RECALLS;
}

struct its_coco_scores its_coco_evaluate(struct its_coco_items *truth, struct its_coco_items *found)
{
    struct its_coco_scores s = {0};
    struct verdict *verdict = its_calloc((size_t)found->count + 1, sizeof(*verdict));
    sort(truth);
    sort(found);
    for (int truth_at = 0, found_at = 0; truth_at < truth->count; s.classes++) {
        int class_id = truth->item[truth_at].class_id;
        struct stretch of_truth = class_of(truth, &truth_at, class_id);
        struct stretch of_found = class_of(found, &found_at, class_id);
        for (int l = 0; l < ITS_COCO_LIMITS; l++) {
            int count = match_class(of_truth, of_found, 0.5f + 0.05f * (float)l, verdict);
            s.ap[l] += average_precision(verdict, count, of_truth.count);
        }
    }
    for (int l = 0; l < ITS_COCO_LIMITS && s.classes; l++) {
        s.ap[l] /= s.classes;
        s.map += s.ap[l] / ITS_COCO_LIMITS;
    }
    free(verdict);
    return s;
}

struct its_coco_counts its_coco_count(struct its_coco_items *truth, struct its_coco_items *found,
                                      float limit, float score)
{
    struct its_coco_counts counts = {.missed = truth->count};
    struct verdict *verdict = its_calloc((size_t)found->count + 1, sizeof(*verdict));
    sort(truth);
    sort(found);
    for (int truth_at = 0, found_at = 0; found_at < found->count;) {
        int class_id = found->item[found_at].class_id;
        struct stretch of_truth = class_of(truth, &truth_at, class_id);
        struct stretch of_found = class_of(found, &found_at, class_id);
        int n = match_class(of_truth, of_found, limit, verdict);
        for (int i = 0; i < n; i++) {
            if (verdict[i].score < score)
                continue;
            counts.right += verdict[i].right;
            counts.wrong += !verdict[i].right;
        }
    }
    counts.missed -= counts.right;
    free(verdict);
    return counts;
}
