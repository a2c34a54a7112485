#include "tiny_onnx.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* --- protobuf */

static void varint(struct its_str *to, uint64_t v)
{
    for (; v > 127; v >>= 7)
        its_str_putc(to, (char)(v | 128));
    its_str_putc(to, (char)v);
}

void tiny_int(struct its_str *to, int field, int64_t value)
{
    varint(to, (uint64_t)field << 3);
    varint(to, (uint64_t)value);
}

void tiny_float(struct its_str *to, int field, float value)
{
    varint(to, (uint64_t)field << 3 | 5);
    its_str_append(to, (const char *)&value, sizeof(value));
}

void tiny_bytes(struct its_str *to, int field, const void *bytes, size_t n)
{
    varint(to, (uint64_t)field << 3 | 2);
    varint(to, n);
    if (n)
        its_str_append(to, bytes, n);
}

void tiny_text(struct its_str *to, int field, const char *text)
{
    tiny_bytes(to, field, text, strlen(text));
}

void tiny_message(struct its_str *to, int field, struct its_str *message)
{
    tiny_bytes(to, field, its_str_get(message), message->len);
    its_str_fini(message);
    *message = (struct its_str){0};
}

/* --- ONNX */

struct its_str tiny_tensor(const char *name, int type, int rank, const int64_t *dims,
                           const void *raw, size_t bytes)
{
    struct its_str t = {0};
    for (int i = 0; i < rank; i++)
        tiny_int(&t, 1, dims[i]);
    tiny_int(&t, 2, type);
    tiny_text(&t, 8, name);
    tiny_bytes(&t, 9, raw, bytes);
    return t;
}

static void add_tensor(struct tiny *t, const char *name, int type, int rank, const int64_t *dims,
                       const void *raw, size_t element)
{
    size_t count = 1;
    for (int i = 0; i < rank; i++)
        count *= (size_t)dims[i];
    struct its_str tensor = tiny_tensor(name, type, rank, dims, raw, count * element);
    tiny_message(&t->graph, 5, &tensor);
}

void tiny_floats(struct tiny *t, const char *name, int rank, const int64_t *dims, const float *v)
{
    add_tensor(t, name, TINY_FLOAT, rank, dims, v, sizeof(*v));
}

void tiny_ints(struct tiny *t, const char *name, int count, const int64_t *v)
{
    add_tensor(t, name, TINY_INT64, 1, (int64_t[]){count}, v, sizeof(*v));
}

static void add_info(struct tiny *t, int field, const char *name, int type, int rank,
                     const int64_t *dims)
{
    struct its_str shape = {0}, tensor = {0}, whole = {0}, info = {0};
    for (int i = 0; i < rank; i++) {
        struct its_str dim = {0};
        if (dims[i] >= 0)
            tiny_int(&dim, 1, dims[i]);
        else
            tiny_text(&dim, 2, "any");
        tiny_message(&shape, 1, &dim);
    }
    tiny_int(&tensor, 1, type);
    if (rank >= 0)
        tiny_message(&tensor, 2, &shape);
    tiny_message(&whole, 1, &tensor);
    tiny_text(&info, 1, name);
    tiny_message(&info, 2, &whole);
    tiny_message(&t->graph, field, &info);
}

void tiny_input(struct tiny *t, const char *name, int type, int rank, const int64_t *dims)
{
    add_info(t, 11, name, type, rank, dims);
}

void tiny_output(struct tiny *t, const char *name)
{
    add_info(t, 12, name, TINY_FLOAT, -1, NULL);
}

static void add_names(struct its_str *node, int field, const char *list)
{
    char *copy = strdup(list), *rest = copy;
    for (char *w; (w = strsep(&rest, " "));)
        if (*w)
            tiny_text(node, field, strcmp(w, "-") == 0 ? "" : w);
    free(copy);
}

/* A word with a comma is a list of integers, digits are one, with a point a float; else text. */
static void add_attr(struct its_str *node, char *word)
{
    struct its_str a = {0};
    char *value = strchr(word, '=');
    *value++ = 0;
    tiny_text(&a, 1, word);
    if (isdigit((unsigned char)*value) || *value == '-') {
        bool list = strchr(value, ',') != NULL;
        if (strchr(value, '.')) {
            tiny_float(&a, 2, strtof(value, NULL));
            tiny_int(&a, 20, 1);
        } else {
            for (char *n; (n = strsep(&value, ","));)
                if (*n)
                    tiny_int(&a, list ? 8 : 3, strtoll(n, NULL, 10));
            tiny_int(&a, 20, list ? 7 : 2);
        }
    } else {
        tiny_text(&a, 4, value);
        tiny_int(&a, 20, 3);
    }
    tiny_message(node, 5, &a);
}

void tiny_node(struct tiny *t, const char *op, const char *in, const char *out, const char *attrs)
{
    struct its_str node = {0};
    add_names(&node, 1, in);
    add_names(&node, 2, out);
    tiny_text(&node, 3, out);
    tiny_text(&node, 4, op);
    char *copy = strdup(attrs ? attrs : ""), *rest = copy;
    for (char *w; (w = strsep(&rest, " "));)
        if (*w)
            add_attr(&node, w);
    free(copy);
    tiny_message(&t->graph, 1, &node);
}

struct its_str tiny_file(struct tiny *t, int opset, const char *const *meta)
{
    struct its_str file = {0}, set = {0};
    tiny_int(&file, 1, 8);
    tiny_text(&set, 1, "");
    tiny_int(&set, 2, opset);
    tiny_message(&file, 8, &set);
    tiny_message(&file, 7, &t->graph);
    for (; meta && meta[0]; meta += 2) {
        struct its_str entry = {0};
        tiny_text(&entry, 1, meta[0]);
        tiny_text(&entry, 2, meta[1]);
        tiny_message(&file, 14, &entry);
    }
    return file;
}
