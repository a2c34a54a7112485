/* The official ONNX tests, as Debian's libonnx-testdata has them, against the reference.
 *
 * Every test of an operator in our table must pass, or stand in conformance.skip with the reason;
 * an entry there that matches only what passes is an error too. Files older than opset 11, the
 * oldest the importer takes, are read as opset 11: where an operator meant something else, its
 * attributes or inputs tell, and it is refused. */
#include <dirent.h>
#include <fnmatch.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/onnx/import.h"
#include "nn/onnx/tensor_file.h"
#include "nn/op.h"
#include "nn/ref/ref.h"

#define TENSORS_MAX 32
#define SKIPS_MAX   256
/* The official runner allows rtol 1e-3, atol 1e-7. */
#define RELATIVE 1e-4
#define ABSOLUTE 1e-6

enum verdict { PASSED, FAILED, REFUSED, NOT_CLAIMED };

struct skip {
    char pattern[96], reason[160];
    int used;
};

struct suite {
    struct skip skips[SKIPS_MAX];
    int skip_count;
    int passed, failed, skipped, not_claimed;
    struct its_op_use {
        const struct its_op *op;
        int passed;
    } * uses;
    int op_count;
};

/* --- files */

static uint8_t *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    fseek(f, 0, SEEK_END);
    *size = ftell(f);
    rewind(f);
    uint8_t *bytes = malloc(*size + 1);
    if (fread(bytes, 1, *size, f) != *size)
        *size = 0;
    fclose(f);
    return bytes;
}

/* --- as much of protobuf as finds versions and operators */

struct field {
    uint64_t number, value; /* value: of a varint */
    uint8_t *bytes;         /* of a string or message, or the last byte of a varint */
    size_t size;
};

static uint64_t varint(const uint8_t *p, size_t size, size_t *at)
{
    uint64_t v = 0;
    for (int shift = 0; *at < size && shift < 64; shift += 7) {
        uint8_t b = p[(*at)++];
        v |= (uint64_t)(b & 0x7f) << shift;
        if (!(b & 0x80))
            break;
    }
    return v;
}

static bool next_field(uint8_t *p, size_t size, size_t *at, struct field *f)
{
    if (*at >= size)
        return false;
    uint64_t key = varint(p, size, at);
    int fixed = (key & 7) == 1 ? 8 : (key & 7) == 5 ? 4 : 0;
    *f = (struct field){.number = key >> 3};
    if (!fixed)
        f->value = varint(p, size, at);
    f->size = (key & 7) == 2 ? f->value : 0;
    f->bytes = p + *at - ((key & 7) == 0);
    *at += f->size + fixed;
    return *at <= size;
}

/* Raises the version in ModelProto.opset_import (8: domain 1, version 2) to `least`. Returns it. */
static int raise_opset(uint8_t *p, size_t size, int least)
{
    struct field f, in;
    int opset = least;
    for (size_t at = 0; next_field(p, size, &at, &f);)
        for (size_t k = 0; f.number == 8 && next_field(f.bytes, f.size, &k, &in);)
            if (in.number == 2) {
                *in.bytes = in.value < (uint64_t)least ? least : *in.bytes;
                opset = *in.bytes;
            }
    return opset;
}

/* Whether all of ModelProto.graph (7) .node (1) .op_type (4) are in the table. */
static bool claimed(uint8_t *p, size_t size, int opset)
{
    struct field f, node, in;
    char type[80];
    for (size_t at = 0; next_field(p, size, &at, &f);)
        for (size_t k = 0; f.number == 7 && next_field(f.bytes, f.size, &k, &node);)
            for (size_t i = 0; node.number == 1 && next_field(node.bytes, node.size, &i, &in);) {
                snprintf(type, sizeof type, "%.*s", (int)in.size, (const char *)in.bytes);
                if (in.number == 4 && !its_op_find("", type, opset, NULL))
                    return false;
            }
    return true;
}

/* --- tensors */

static struct its_value *read_tensor(struct its_graph *g, const char *dir, const char *kind, int i,
                                     bool *there, struct its_error *err)
{
    char path[800];
    struct its_value *v = NULL;
    snprintf(path, sizeof path, "%s/%s_%d.pb", dir, kind, i);
    FILE *f = fopen(path, "rb");
    if ((*there = f != NULL))
        fclose(f);
    if (*there && its_onnx_tensor_file_read(path, g, &v, err))
        return NULL;
    return v;
}

/* input_0.pb, input_1.pb, … Returns how many there are, or -1. */
static int read_tensors(struct its_graph *g, const char *dir, const char *kind,
                        struct its_value *v[TENSORS_MAX], struct its_error *err)
{
    int n = 0;
    for (bool there = true; n < TENSORS_MAX; n++) {
        v[n] = read_tensor(g, dir, kind, n, &there, err);
        if (!there)
            break;
        if (!v[n])
            return -1;
    }
    return n;
}

/* --- one test */

static double number(const struct its_value *v, const void *p, int64_t i)
{
    switch (v->type) {
    case ITS_F32:
        return ((const float *)p)[i];
    case ITS_F64:
        return ((const double *)p)[i];
    case ITS_S64:
        return ((const int64_t *)p)[i];
    case ITS_S32:
        return ((const int32_t *)p)[i];
    case ITS_S8:
        return ((const int8_t *)p)[i];
    default:
        return ((const uint8_t *)p)[i];
    }
}

static bool close_enough(enum its_dtype type, double a, double b)
{
    if (a == b || (isnan(a) && isnan(b)))
        return true;
    return (type == ITS_F32 || type == ITS_F64) && fabs(a - b) <= ABSOLUTE + RELATIVE * fabs(b);
}

static int compare(const struct its_value *got, const void *data, const struct its_value *want,
                   struct its_error *err)
{
    char a[96], b[96];
    if (got->type != want->type || !its_shape_equal(&got->shape, &want->shape))
        return its_error_set(err, -ERANGE, "%s %s instead of %s %s", its_dtype_name(got->type),
                             its_shape_text(&got->shape, a, sizeof a), its_dtype_name(want->type),
                             its_shape_text(&want->shape, b, sizeof b));
    int64_t count = its_shape_count(&want->shape);
    for (int64_t i = 0; i < count; i++) {
        double g = number(got, data, i), w = number(want, want->data, i);
        if (!close_enough(got->type, g, w))
            return its_error_set(err, -ERANGE, "%s[%lld] is %.9g, not %.9g", got->name,
                                 (long long)i, g, w);
    }
    return 0;
}

/* How many of the inputs, counted from the end, are given as constants: none, all but the first,
 * all. Some operators want those that decide a shape to be constants. */
static int constants(int attempt, int inputs)
{
    return attempt == 0 ? 0 : attempt == 1 ? inputs - 1 : inputs;
}

static int bind(struct its_graph *g, struct its_value *const in[], int count, int attempt,
                struct its_error *err)
{
    if (count != g->input_count)
        return its_error_set(err, ITS_EUNSUPPORTED, "%d inputs given of %d", count, g->input_count);
    for (int i = 0; i < count; i++) {
        struct its_value *v = g->input[i];
        if (v->type != in[i]->type)
            return its_error_set(err, -ERANGE, "input %d is %s", i, its_dtype_name(in[i]->type));
        v->shape = in[i]->shape;
        v->shaped = true;
        if (i >= count - constants(attempt, count))
            v->data = in[i]->data;
    }
    return its_graph_infer(g, err);
}

static int run_and_compare(struct its_graph *g, struct its_value *const in[],
                           struct its_value *const want[], int wanted, struct its_error *err)
{
    const void *inputs[TENSORS_MAX] = {NULL};
    void *outputs[TENSORS_MAX] = {NULL};
    if (wanted != g->output_count)
        return its_error_set(err, -ERANGE, "%d outputs, not %d", g->output_count, wanted);
    for (int i = 0; i < g->input_count; i++)
        inputs[i] = in[i]->data;
    for (int i = 0; i < wanted; i++)
        outputs[i] = calloc(1, its_shape_count(&g->output[i]->shape) * 8 + 8);
    int r = its_ref_run(g, inputs, outputs, NULL, NULL, err);
    for (int i = 0; i < wanted && !r; i++)
        r = compare(g->output[i], outputs[i], want[i], err);
    for (int i = 0; i < wanted; i++)
        free(outputs[i]);
    return r;
}

static int run_set(const uint8_t *model, size_t size, const char *dir, struct its_error *err)
{
    struct its_graph *tensors = its_graph_create();
    struct its_value *in[TENSORS_MAX], *want[TENSORS_MAX];
    int ins = read_tensors(tensors, dir, "input", in, err);
    int wants = ins < 0 ? -1 : read_tensors(tensors, dir, "output", want, err);
    int r = wants < 0 ? err->code : ITS_EUNSUPPORTED;
    for (int attempt = 0; attempt < 3 && wants >= 0 && r == ITS_EUNSUPPORTED; attempt++) {
        struct its_graph *g = NULL;
        r = its_onnx_import_bytes(model, size, NULL, &g, err);
        r = r ? r : bind(g, in, ins, attempt, err);
        r = r ? r : run_and_compare(g, in, want, wants, err);
        its_graph_destroy(&g);
    }
    its_graph_destroy(&tensors);
    return r;
}

static void count_operators(struct suite *s, const uint8_t *model, size_t size)
{
    struct its_graph *g;
    if (its_onnx_import_bytes(model, size, NULL, &g, NULL))
        return;
    for (int k = 0; k < g->node_count; k++)
        s->uses[g->node[k]->op - s->uses[0].op].passed++;
    its_graph_destroy(&g);
}

static enum verdict run_test(struct suite *s, const char *dir, struct its_error *err)
{
    char path[700];
    size_t size;
    snprintf(path, sizeof path, "%s/model.onnx", dir);
    uint8_t *model = read_file(path, &size);
    if (!model)
        return its_error_set(err, ITS_ENOTFOUND, "no model.onnx"), FAILED;
    bool ours = claimed(model, size, raise_opset(model, size, ITS_ONNX_OPSET_MIN));
    int r = ours ? 0 : ITS_EUNSUPPORTED;
    for (int i = 0; !r && i < 16; i++) {
        snprintf(path, sizeof path, "%s/test_data_set_%d", dir, i);
        DIR *there = opendir(path);
        if (!there)
            break;
        closedir(there);
        r = run_set(model, size, path, err);
    }
    if (!r)
        count_operators(s, model, size);
    free(model);
    return !r ? PASSED : !ours ? NOT_CLAIMED : r == ITS_EUNSUPPORTED ? REFUSED : FAILED;
}

/* --- the list of those that need not pass: "pattern  reason" per line */

static bool read_skips(struct suite *s, const char *root)
{
    char path[400], line[300];
    snprintf(path, sizeof path, "%s/tests/nn/conformance.skip", root);
    FILE *f = fopen(path, "r");
    if (!f)
        return false;
    while (fgets(line, sizeof line, f)) {
        struct skip *k = &s->skips[s->skip_count];
        if (line[0] == '#' || line[0] == '\n')
            continue;
        if (s->skip_count == SKIPS_MAX ||
            sscanf(line, "%95s %159[^\n]", k->pattern, k->reason) != 2) {
            printf("conformance.skip: cannot read: %s", line);
            fclose(f);
            return false;
        }
        s->skip_count++;
    }
    fclose(f);
    return true;
}

static struct skip *find_skip(struct suite *s, const char *name)
{
    for (int i = 0; i < s->skip_count; i++)
        if (!fnmatch(s->skips[i].pattern, name, 0))
            return &s->skips[i];
    return NULL;
}

static void judge(struct suite *s, const char *root, const char *name)
{
    char dir[600];
    struct its_error err = {0};
    snprintf(dir, sizeof dir, "%s/%s", root, name);
    enum verdict v = run_test(s, dir, &err);
    struct skip *skip = v == FAILED || v == REFUSED ? find_skip(s, name) : NULL;
    if (skip) {
        skip->used++;
        s->skipped++;
    } else if (v == PASSED) {
        s->passed++;
    } else if (v == NOT_CLAIMED) {
        s->not_claimed++;
    } else {
        s->failed++;
        printf("%s %s: %s\n", v == FAILED ? "FAILED " : "REFUSED", name, err.text);
    }
}

static int visible(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static bool run_folder(struct suite *s, const char *root, const char *folder)
{
    char path[300], name[320];
    struct dirent **list;
    snprintf(path, sizeof path, "%s/%s", root, folder);
    int n = scandir(path, &list, visible, alphasort);
    if (n < 0)
        return false;
    for (int i = 0; i < n; i++) {
        snprintf(name, sizeof name, "%s/%s", folder, list[i]->d_name);
        judge(s, root, name);
        free(list[i]);
    }
    free(list);
    return true;
}

/* --- what came out */

static void report(struct suite *s)
{
    for (int i = 0; i < s->skip_count; i++) {
        struct skip *k = &s->skips[i];
        if (k->used) {
            printf("skipped %3d %s: %s\n", k->used, k->pattern, k->reason);
            continue;
        }
        printf("FAILED  conformance.skip: %s matches no test that fails\n", k->pattern);
        s->failed++;
    }
    printf("operators no test passes through:");
    for (int i = 0; i < s->op_count; i++)
        if (!s->uses[i].passed)
            printf(" %s-%d", s->uses[i].op->name, s->uses[i].op->since);
    printf("\n%d passed, %d failed, %d skipped, %d of operators that are not in the table\n",
           s->passed, s->failed, s->skipped, s->not_claimed);
}

int main(void)
{
    static const char *const folders[] = {"node", "pytorch-converted", "pytorch-operator",
                                          "simple"};
    static struct suite s;
    const char *root = getenv("ITS_ONNX_TESTS"), *source = getenv("ITS_SOURCE_ROOT");
    if (!root)
        root = "/usr/share/libonnx-testdata/data";
    const struct its_op *ops = its_op_table(&s.op_count);
    s.uses = calloc(s.op_count, sizeof *s.uses);
    for (int i = 0; i < s.op_count; i++)
        s.uses[i].op = &ops[i];
    if (!read_skips(&s, source ? source : ".")) {
        printf("FAILED: no list of skipped tests\n");
        return 1;
    }
    for (int i = 0; i < 4; i++)
        if (!run_folder(&s, root, folders[i])) {
            printf("SKIPPED: no %s/%s: install libonnx-testdata, or set ITS_ONNX_TESTS\n", root,
                   folders[i]);
            return 77;
        }
    report(&s);
    free(s.uses);
    return s.failed ? 1 : 0;
}
