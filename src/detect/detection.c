#include "detect/detection.h"

#include <string.h>

static const char *const names[ITS_CLASS_COUNT] = {
#define X(name, text) text,
    ITS_CLASSES(X)
#undef X
};

const char *its_class_name(enum its_class cls)
{
    return names[cls];
}

int its_class_from_name(const char *name)
{
    for (int i = 0; i < ITS_CLASS_COUNT; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}
