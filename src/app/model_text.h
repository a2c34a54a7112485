/* What the `model` commands have in common: words, percentiles and numbers in files. */
#pragma once

#include "base/arena.h"
#include "base/json.h"
#include "nn/model.h"

/* "yolo", "yolox", "top", "none". Static storage. */
const char *its_head_name(enum its_head head);

/* The network's steps as a table for people, or as a JSON array. Times are shown where they were
 * taken. */
void its_layers_text(struct its_str *out, const struct its_layer_time *layers, int count);
void its_layers_json(struct its_json *j, const struct its_layer_time *layers, int count);

/* The whole of a file of 32-bit floats (little-endian, as this machine's); free() it. 0, the errno
 * of the file, -EINVAL when its size is no multiple of four, -ENOMEM. */
int its_floats_read(const char *path, float **out, size_t *count, struct its_error *err);
