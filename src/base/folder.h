/* Folders on disk. */
#pragma once

#include <stddef.h>

/* Makes the folder and those above it that are missing, for us and our group. 0 also when it was
 * there; else a negative errno, with the part that could not be made in `failed`, where given. */
int its_folder_make(const char *path, char *failed, size_t size);
