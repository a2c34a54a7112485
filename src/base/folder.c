#include "base/folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"

static int make_one(const char *path, char *failed, size_t size)
{
    if (mkdir(path, 0750) == 0 || errno == EEXIST)
        return 0;
    int rc = -errno;
    if (failed)
        snprintf(failed, size, "%s", path);
    return rc;
}

int its_folder_make(const char *path, char *failed, size_t size)
{
    char *part = its_strdup(path);
    int rc = 0;
    for (char *slash = *part ? strchr(part + 1, '/') : NULL; slash && rc == 0;
         slash = strchr(slash + 1, '/')) {
        *slash = 0;
        rc = make_one(part, failed, size);
        *slash = '/';
    }
    if (rc == 0)
        rc = make_one(path, failed, size);
    free(part);
    return rc;
}
