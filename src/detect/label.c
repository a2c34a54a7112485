/* COCO's names are ours; the rest is a table. */
#include "detect/label.h"

#include <strings.h>

#include "base/attr.h"

/* What other data sets than COCO call them (Objects365, Open Images, BDD100K, KITTI, VisDrone). */
static const struct {
    const char *label;
    enum its_class cls;
} other_names[] = {
    {"pedestrian", ITS_CLASS_PERSON},
    {"people", ITS_CLASS_PERSON},
    {"bike", ITS_CLASS_BICYCLE},
    {"cyclist", ITS_CLASS_BICYCLE},
    {"motorbike", ITS_CLASS_MOTORCYCLE},
    {"motor", ITS_CLASS_MOTORCYCLE},
    {"motorcyclist", ITS_CLASS_MOTORCYCLE},
    {"scooter", ITS_CLASS_MOTORCYCLE},
    {"van", ITS_CLASS_CAR},
    {"taxi", ITS_CLASS_CAR},
    {"suv", ITS_CLASS_CAR},
    {"pickup truck", ITS_CLASS_CAR},
    {"lorry", ITS_CLASS_TRUCK},
};

int its_label_class(const char *label)
{
    for (int i = 0; i < ITS_CLASS_COUNT; i++)
        if (strcasecmp(its_class_name((enum its_class)i), label) == 0)
            return i;
    for (unsigned i = 0; i < ITS_ARRAY_LEN(other_names); i++)
        if (strcasecmp(other_names[i].label, label) == 0)
            return (int)other_names[i].cls;
    return -1;
}
