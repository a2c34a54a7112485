/* model verify: whether a network computes here what it computed elsewhere. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/cmd.h"
#include "app/model_flags.h"
#include "app/model_text.h"

struct settings {
    const char *input;
    struct its_opt_list expect;
    float tolerance;
    bool json;
    struct its_model_flags network;
};

static const struct settings defaults = {.tolerance = -1, .network = ITS_MODEL_FLAGS_DEFAULT};

static const struct its_flag flags[] = {
    {{"input", ITS_OPT_STRING, offsetof(struct settings, input), .min = 1,
      .doc = "The input tensor, (batch, 3, height, width), as 32-bit floats. Needed."},
     "IN.f32"},
    {{"expect", ITS_OPT_LIST, offsetof(struct settings, expect), .min = 1,
      .doc = "An output tensor as it should be, in the same form; again for each further output, "
             "in their order. Needed."},
     "OUT.f32"},
    {{"tolerance", ITS_OPT_FLOAT, offsetof(struct settings, tolerance), .min = -1, .max = 1e30,
      .default_text = "none", .doc = "Fail when a number is further from what is expected."},
     "DIFFERENCE"},
    {{"json", ITS_OPT_BOOL, offsetof(struct settings, json),
      .doc = "One JSON object on standard output, and nothing else."}},
};

static const struct its_flag_set sets[] = {
    {flags, ITS_ARRAY_LEN(flags), 0},
    {its_model_flag_rows, ITS_MODEL_FLAG_COUNT, offsetof(struct settings, network)},
};

struct difference {
    double max, mean; /* of absolute differences; NaN when either side has one */
};

static struct difference compare(const float *a, const float *b, size_t count)
{
    struct difference d = {0};
    for (size_t i = 0; i < count; i++) {
        double diff = fabs((double)a[i] - b[i]);
        d.max = !(diff <= d.max) && !isnan(d.max) ? diff : d.max;
        d.mean += diff / (double)count;
    }
    return d;
}

static int64_t count_of(const struct its_output *o)
{
    int64_t n = 1;
    for (int i = 0; i < o->rank; i++)
        n *= o->dim[i];
    return n;
}

static int fill_input(const struct settings *set, struct its_network *n, size_t wanted,
                      struct its_error *err)
{
    float *data;
    size_t count;
    int rc = its_floats_read(set->input, &data, &count, err);
    if (rc < 0)
        return rc;
    if (count == wanted)
        memcpy(its_network_input(n), data, count * sizeof(*data));
    else
        rc = its_error_set(err, -EINVAL,
                           "%s holds %zu numbers and the input has %zu: see --size and --batch",
                           set->input, count, wanted);
    free(data);
    return rc;
}

static int check_output(const struct its_output *o, const char *path, struct difference *d,
                        struct its_error *err)
{
    float *data;
    size_t count;
    int rc = its_floats_read(path, &data, &count, err);
    if (rc < 0)
        return rc;
    if (count == (size_t)count_of(o))
        *d = compare(o->data, data, count);
    else
        rc = its_error_set(err, -EINVAL, "%s holds %zu numbers and the output '%s' has %lld", path,
                           count, o->name, (long long)count_of(o));
    free(data);
    return rc;
}

static void report(struct its_str *out, bool json, const char *model, const struct its_network *n,
                   const struct difference *d, int count)
{
    struct its_json j = its_json_on(out);
    if (json) {
        its_json_object(&j);
        its_json_key(&j, "v"), its_json_int(&j, 1);
        its_json_key(&j, "model"), its_json_string(&j, model);
        its_json_key(&j, "precision");
        its_json_string(&j, its_precision_name(its_network_stats(n).precision));
        its_json_key(&j, "outputs"), its_json_array(&j);
    }
    for (int i = 0; i < count; i++) {
        const char *name = its_network_output(n, i).name;
        if (!json) {
            its_str_printf(out, "%-20s max %.3g  mean %.3g\n", name, d[i].max, d[i].mean);
            continue;
        }
        its_json_object(&j);
        its_json_key(&j, "name"), its_json_string(&j, name);
        its_json_key(&j, "max_abs"), its_json_number(&j, d[i].max, 9);
        its_json_key(&j, "mean_abs"), its_json_number(&j, d[i].mean, 9);
        its_json_object_end(&j);
    }
    if (json) {
        its_json_array_end(&j);
        its_json_object_end(&j);
        its_str_putc(out, '\n');
    }
}

static int run_network(const struct settings *set, const struct its_network_settings *s,
                       const struct its_model *m, struct its_network **n, struct its_error *err)
{
    const struct its_model_info *info = its_model_info(m);
    int rc = its_network_create(m, s, n, err);
    if (rc < 0)
        return rc;
    size_t w = (size_t)(s->width ? s->width : info->native_w);
    size_t h = (size_t)(s->height ? s->height : info->native_h);
    rc = fill_input(set, *n, (size_t)s->batch * 3 * w * h, err);
    if (rc < 0)
        return rc;
    rc = its_network_run(*n, s->batch);
    return rc < 0 ? its_error_set(err, rc, "the network failed: %s", its_strerror(rc)) : 0;
}

static int verify(const struct its_call *call, const struct its_network_settings *s,
                  const struct its_model *m, struct its_network **n, struct its_error *err)
{
    const struct settings *set = call->settings;
    int rc = run_network(set, s, m, n, err);
    if (rc < 0)
        return rc;
    int count = its_network_output_count(*n);
    if ((int)set->expect.count != count)
        return its_error_set(err, -EINVAL, "the network has %d output%s: give --expect for each",
                             count, count == 1 ? "" : "s");
    struct difference *d = its_arena_alloc(call->arena, (size_t)count * sizeof(*d));
    for (int i = 0; i < count && rc == 0; i++) {
        struct its_output o = its_network_output(*n, i);
        rc = check_output(&o, set->expect.items[i], &d[i], err);
    }
    if (rc < 0)
        return rc;
    struct its_str text = {0};
    report(&text, set->json, its_model_info(m)->path, *n, d, count);
    fputs(its_str_get(&text), call->out);
    its_str_fini(&text);
    for (int i = 0; i < count && set->tolerance >= 0; i++)
        if (!(d[i].max <= set->tolerance))
            return its_error_set(err, ITS_EDAMAGED, "output '%s' is off by %g, more than %g",
                                 its_network_output(*n, i).name, d[i].max, set->tolerance);
    return 0;
}

static int run(const struct its_call *call)
{
    const struct settings *set = call->settings;
    struct its_network_settings s;
    struct its_error err = {0};
    if (!set->input)
        return its_model_usage(call, "model verify", "--input IN.f32 is missing");
    if (set->expect.count == 0)
        return its_model_usage(call, "model verify", "--expect OUT.f32 is missing");
    if (its_model_flags_read(&set->network, &s, &err) < 0)
        return its_model_usage(call, "model verify", err.text);
    struct its_model *model = NULL;
    struct its_network *network = NULL;
    int rc = its_model_open(call->operands.items[0], &model, &err);
    if (rc == 0)
        rc = verify(call, &s, model, &network, &err);
    if (rc < 0)
        fprintf(call->err, "its-camera-ai model verify: %s\n", err.text);
    its_network_destroy(&network);
    its_model_close(&model);
    return rc < 0 ? ITS_EXIT_FAILED : ITS_EXIT_OK;
}

const struct its_command its_cmd_model_verify = {
    .name = "model verify",
    .summary = "compare a network's output with what another engine computed",
    .operands = "MODEL",
    .operands_min = 1,
    .operands_max = 1,
    .description =
        "Runs the network once on an input from a file and tells how far its outputs are from\n"
        "those in other files: the largest and the mean absolute difference. The files hold\n"
        "32-bit floats, little-endian, row by row, and nothing else, as numpy's tofile() and\n"
        "the like write them.\n"
        "\n"
        "Without --tolerance any difference is accepted and the exit code is 0.\n",
    .examples = "its-camera-ai model verify yolo11n.onnx --input in.f32 --expect out.f32\n"
                "its-camera-ai model verify yolo11n.onnx --input in.f32 --expect out.f32 \\\n"
                "    --precision bf16 --tolerance 2 --json\n",
    .sets = sets,
    .set_count = ITS_ARRAY_LEN(sets),
    .settings_bytes = sizeof(struct settings),
    .defaults = &defaults,
    .run = run,
};
