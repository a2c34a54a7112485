#include "nn/class_names.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

#define NAME_MAX_BYTES 128

const char *const *its_class_names_coco(void)
{
    static const char *const names[ITS_COCO_CLASSES] = {
        "person",        "bicycle",      "car",
        "motorcycle",    "airplane",     "bus",
        "train",         "truck",        "boat",
        "traffic light", "fire hydrant", "stop sign",
        "parking meter", "bench",        "bird",
        "cat",           "dog",          "horse",
        "sheep",         "cow",          "elephant",
        "bear",          "zebra",        "giraffe",
        "backpack",      "umbrella",     "handbag",
        "tie",           "suitcase",     "frisbee",
        "skis",          "snowboard",    "sports ball",
        "kite",          "baseball bat", "baseball glove",
        "skateboard",    "surfboard",    "tennis racket",
        "bottle",        "wine glass",   "cup",
        "fork",          "knife",        "spoon",
        "bowl",          "banana",       "apple",
        "sandwich",      "orange",       "broccoli",
        "carrot",        "hot dog",      "pizza",
        "donut",         "cake",         "chair",
        "couch",         "potted plant", "bed",
        "dining table",  "toilet",       "tv",
        "laptop",        "mouse",        "remote",
        "keyboard",      "cell phone",   "microwave",
        "oven",          "toaster",      "sink",
        "refrigerator",  "book",         "clock",
        "vase",          "scissors",     "teddy bear",
        "hair drier",    "toothbrush",
    };
    return names;
}

static const char *skip_blanks(const char *p)
{
    return p + strspn(p, " \t\r\n");
}

static bool take(const char **p, char c)
{
    *p = skip_blanks(*p);
    if (**p != c)
        return false;
    ++*p;
    return true;
}

/* 'text' or "text", with \' \" \\ as Python writes them; NULL when it is something else. */
static const char *take_string(const char **p, struct its_arena *a)
{
    *p = skip_blanks(*p);
    char quote = **p, name[NAME_MAX_BYTES];
    size_t n = 0;
    if (quote != '\'' && quote != '"')
        return NULL;
    for (++*p; **p != quote; ++*p) {
        if (**p == '\\')
            ++*p;
        if ((unsigned char)**p < 0x20 || n + 1 >= sizeof(name))
            return NULL; /* its end, too */
        name[n++] = **p;
    }
    ++*p;
    name[n] = 0;
    return its_arena_strdup(a, name);
}

static bool take_key(const char **p, int want)
{
    char *end;
    *p = skip_blanks(*p);
    long key = strtol(*p, &end, 10);
    bool ok = end != *p && key == want;
    *p = end;
    return ok && take(p, ':');
}

const char *const *its_class_names_parse(struct its_arena *a, const char *text, int count)
{
    const char *p = text;
    const char **names = its_arena_alloc(a, (size_t)count * sizeof(*names));
    if (!take(&p, '{'))
        return NULL;
    for (int i = 0; i < count; i++) {
        if (i && !take(&p, ','))
            return NULL;
        if (!take_key(&p, i) || !(names[i] = take_string(&p, a)))
            return NULL;
    }
    take(&p, ',');
    return take(&p, '}') && *skip_blanks(p) == 0 ? names : NULL;
}
