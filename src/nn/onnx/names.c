/* Open addressing, FNV-1a: files have thousands of names and may have millions. */
#include "nn/onnx/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static size_t place_of(const struct its_onnx_names *n, const char *name)
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (const char *c = name; *c; c++)
        h = (h ^ (unsigned char)*c) * UINT64_C(1099511628211);
    h ^= h >> 32;
    size_t i = (size_t)h & (n->size - 1);
    while (n->slot[i] && strcmp(n->slot[i]->name, name) != 0)
        i = (i + 1) & (n->size - 1);
    return i;
}

struct its_value *its_onnx_names_find(const struct its_onnx_names *n, const char *name)
{
    return n->size ? n->slot[place_of(n, name)] : NULL;
}

static void grow(struct its_onnx_names *n)
{
    struct its_onnx_names old = *n;
    n->size = old.size ? old.size * 2 : 256;
    n->slot = its_calloc(n->size, sizeof(*n->slot));
    for (size_t i = 0; i < old.size; i++)
        if (old.slot[i])
            n->slot[place_of(n, old.slot[i]->name)] = old.slot[i];
    free(old.slot);
}

void its_onnx_names_add(struct its_onnx_names *n, struct its_value *v)
{
    if (2 * (n->count + 1) > n->size)
        grow(n);
    n->slot[place_of(n, v->name)] = v;
    n->count++;
}

void its_onnx_names_fini(struct its_onnx_names *n)
{
    free(n->slot);
    *n = (struct its_onnx_names){0};
}
