/* Tables are for people and may change; the JSON names are a contract. */
#include "app/model_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/mem.h"

const char *its_head_name(enum its_head head)
{
    static const char *const names[] = {
        [ITS_HEAD_NONE] = "none",
        [ITS_HEAD_YOLO] = "yolo",
        [ITS_HEAD_YOLOX] = "yolox",
        [ITS_HEAD_TOP] = "top",
    };
    return names[head];
}

static double total_ms(const struct its_layer_time *layers, int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += layers[i].ms;
    return sum;
}

void its_layers_text(struct its_str *out, const struct its_layer_time *layers, int count)
{
    double total = total_ms(layers, count);
    its_str_printf(out, "%4s %-14s %-28s %-16s %-5s %9s", "", "operator", "runs as", "shape",
                   "type", "gflop");
    its_str_puts(out, total > 0 ? "       ms     %  GFLOP/s  node\n" : "  node\n");
    for (int i = 0; i < count; i++) {
        const struct its_layer_time *l = &layers[i];
        its_str_printf(out, "%4d %-14s %-28s %-16s %-5s %9.4f", i, l->op, l->how, l->shape,
                       its_dtype_name(l->type), l->gflop);
        if (total > 0)
            its_str_printf(out, " %8.3f %5.1f %8.1f", l->ms, 100 * l->ms / total,
                           l->ms > 0 ? l->gflop / l->ms * 1e3 : 0);
        its_str_printf(out, "  %s\n", l->name);
    }
    if (total > 0)
        its_str_printf(out, "%4s %-14s %-28s %-16s %-5s %9s %8.3f\n", "", "sum", "", "", "", "",
                       total);
}

void its_layers_json(struct its_json *j, const struct its_layer_time *layers, int count)
{
    bool timed = total_ms(layers, count) > 0;
    its_json_array(j);
    for (int i = 0; i < count; i++) {
        const struct its_layer_time *l = &layers[i];
        its_json_object(j);
        its_json_key(j, "name"), its_json_string(j, l->name);
        its_json_key(j, "op"), its_json_string(j, l->op);
        its_json_key(j, "how"), its_json_string(j, l->how);
        its_json_key(j, "shape"), its_json_string(j, l->shape);
        its_json_key(j, "type"), its_json_string(j, its_dtype_name(l->type));
        its_json_key(j, "gflop"), its_json_number(j, l->gflop, 6);
        if (timed)
            its_json_key(j, "ms"), its_json_number(j, l->ms, 4);
        its_json_object_end(j);
    }
    its_json_array_end(j);
}

static int read_all(FILE *f, const char *path, float **out, size_t *count, struct its_error *err)
{
    struct stat st;
    if (fstat(fileno(f), &st) < 0)
        return its_error_set(err, -errno, "cannot read %s: %s", path, its_strerror(-errno));
    if (!S_ISREG(st.st_mode) || st.st_size == 0 || st.st_size % (off_t)sizeof(float) != 0)
        return its_error_set(err, -EINVAL,
                             "%s is not a file of 32-bit floats (its size is %lld bytes)", path,
                             (long long)st.st_size);
    *count = (size_t)st.st_size / sizeof(float);
    *out = its_try_calloc(*count, sizeof(float));
    if (!*out)
        return its_error_set(err, -ENOMEM, "no memory for %s", path);
    errno = 0;
    if (fread(*out, sizeof(float), *count, f) == *count)
        return 0;
    int code = errno ? -errno : -EIO;
    free(*out);
    *out = NULL;
    return its_error_set(err, code, "cannot read %s: %s", path, its_strerror(code));
}

int its_floats_read(const char *path, float **out, size_t *count, struct its_error *err)
{
    *out = NULL;
    FILE *f = fopen(path, "rb");
    if (!f)
        return its_error_set(err, -errno, "cannot open %s: %s", path, its_strerror(-errno));
    int rc = read_all(f, path, out, count, err);
    fclose(f);
    return rc;
}
