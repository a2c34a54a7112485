/* model info: what an ONNX file is, and what would be made of it. */
#include "app/cmd.h"
#include "app/model_flags.h"
#include "app/model_text.h"
#include "base/json.h"
#include "detect/label.h"

struct settings {
    bool plan, json;
    struct its_model_flags network;
};

static const struct settings defaults = {.network = ITS_MODEL_FLAGS_DEFAULT};

static const struct its_flag flags[] = {
    {{"plan", ITS_OPT_BOOL, offsetof(struct settings, plan),
      .doc = "Also prepare the network as it would be run and list its steps: operator, kernel, "
             "shape, type and work of each."}},
    {{"json", ITS_OPT_BOOL, offsetof(struct settings, json),
      .doc = "One JSON object on standard output, and nothing else."}},
};

static const struct its_flag_set sets[] = {
    {flags, ITS_ARRAY_LEN(flags), 0},
    {its_model_flag_rows, ITS_MODEL_FLAG_COUNT, offsetof(struct settings, network)},
};

static const char *head_text(enum its_head head)
{
    switch (head) {
    case ITS_HEAD_YOLO:
        return "YOLOv8 or YOLO11 detector";
    case ITS_HEAD_YOLOX:
        return "YOLOX detector";
    case ITS_HEAD_TOP:
        return "NMS-free YOLO detector";
    case ITS_HEAD_NONE:
        break;
    }
    return "no detector we know: can be timed and verified, finds nothing";
}

/* "person, bicycle, car, motorcycle, bus, truck (and 74 others)" */
static void classes_text(struct its_str *out, const struct its_model_info *info)
{
    int named = 0;
    for (int i = 0; info->class_names && i < info->classes; i++)
        if (its_label_class(info->class_names[i]) >= 0)
            its_str_printf(out, "%s%s", named++ ? ", " : "", info->class_names[i]);
    if (!info->class_names)
        its_str_puts(out, "not named in the file");
    else if (named == 0)
        its_str_puts(out, "no road users");
    int others = info->class_names ? info->classes - named : 0;
    if (others > 0)
        its_str_printf(out, " (and %d other%s)", others, others == 1 ? "" : "s");
}

static void info_text(struct its_str *out, const struct its_model_info *info)
{
    its_str_printf(out, "%s\n  kind        %s\n", info->path, head_text(info->head));
    if (info->head != ITS_HEAD_NONE) {
        its_str_puts(out, "  classes     ");
        classes_text(out, info);
        its_str_putc(out, '\n');
    }
    its_str_printf(out, "  input       %dx%d%s\n", info->native_w, info->native_h,
                   info->resizable ? ", other multiples of 32 work too" : "");
    its_str_printf(out, "  weights     %.2f million%s\n", (double)info->parameters * 1e-6,
                   info->quantised ? ", quantised to int8" : "");
    its_str_printf(out, "  graph       %d nodes, opset %d\n", info->node_count, info->opset);
    its_str_printf(out, "  sha256      %s\n", info->sha256);
}

static void info_json(struct its_json *j, const struct its_model_info *info)
{
    its_json_key(j, "v"), its_json_int(j, 1);
    its_json_key(j, "model"), its_json_string(j, info->path);
    its_json_key(j, "name"), its_json_string(j, info->name);
    its_json_key(j, "sha256"), its_json_string(j, info->sha256);
    its_json_key(j, "opset"), its_json_int(j, info->opset);
    its_json_key(j, "head"), its_json_string(j, its_head_name(info->head));
    its_json_key(j, "classes"), its_json_int(j, info->classes);
    if (info->class_names) {
        its_json_key(j, "class_names"), its_json_array(j);
        for (int i = 0; i < info->classes; i++)
            its_json_string(j, info->class_names[i]);
        its_json_array_end(j);
    }
    its_json_key(j, "size"), its_json_array(j);
    its_json_int(j, info->native_w), its_json_int(j, info->native_h);
    its_json_array_end(j);
    its_json_key(j, "resizable"), its_json_bool(j, info->resizable);
    its_json_key(j, "quantised"), its_json_bool(j, info->quantised);
    its_json_key(j, "parameters"), its_json_int(j, info->parameters);
    its_json_key(j, "nodes"), its_json_int(j, info->node_count);
}

static void plan_text(struct its_str *out, struct its_network *n)
{
    struct its_network_stats s = its_network_stats(n);
    const struct its_layer_time *layers;
    int count = its_network_layers(n, &layers);
    its_str_printf(out,
                   "\nplan: %s on %s, %d steps, %.2f GFLOP, weights %.1f MiB, activations "
                   "%.1f MiB\n",
                   its_precision_name(s.precision), s.backend, count, s.gflop,
                   (double)s.weight_bytes / 1048576, (double)s.activation_bytes / 1048576);
    its_layers_text(out, layers, count);
}

static void plan_json(struct its_json *j, struct its_network *n)
{
    struct its_network_stats s = its_network_stats(n);
    const struct its_layer_time *layers;
    int count = its_network_layers(n, &layers);
    its_json_key(j, "precision"), its_json_string(j, its_precision_name(s.precision));
    its_json_key(j, "backend"), its_json_string(j, s.backend);
    its_json_key(j, "gflop"), its_json_number(j, s.gflop, 4);
    its_json_key(j, "weight_bytes"), its_json_int(j, (int64_t)s.weight_bytes);
    its_json_key(j, "activation_bytes"), its_json_int(j, (int64_t)s.activation_bytes);
    its_json_key(j, "plan"), its_layers_json(j, layers, count);
}

static int describe(const struct settings *set, const struct its_network_settings *s,
                    const struct its_model *m, struct its_str *out, struct its_error *err)
{
    struct its_network *n = NULL;
    int rc = set->plan ? its_network_create(m, s, &n, err) : 0;
    if (rc < 0)
        return rc;
    struct its_json j = its_json_on(out);
    if (set->json) {
        its_json_object(&j);
        info_json(&j, its_model_info(m));
        if (n)
            plan_json(&j, n);
        its_json_object_end(&j);
        its_str_putc(out, '\n');
    } else {
        info_text(out, its_model_info(m));
        if (n)
            plan_text(out, n);
    }
    its_network_destroy(&n);
    return 0;
}

static int run(const struct its_call *call)
{
    struct its_error err = {0};
    struct its_str out = {0};
    struct its_model *model = NULL;
    const struct settings *set = call->settings;
    struct its_network_settings s;
    if (its_model_flags_read(&set->network, &s, &err) < 0)
        return its_model_usage(call, "model info", err.text);
    int rc = its_model_open(call->operands.items[0], &model, &err);
    if (rc == 0)
        rc = describe(set, &s, model, &out, &err);
    if (rc < 0)
        fprintf(call->err, "its-camera-ai model info: %s\n", err.text);
    else
        fputs(its_str_get(&out), call->out);
    its_str_fini(&out);
    its_model_close(&model);
    return rc < 0 ? ITS_EXIT_FAILED : ITS_EXIT_OK;
}

const struct its_command its_cmd_model_info = {
    .name = "model info",
    .summary = "what a network is, and what would be made of it",
    .operands = "MODEL",
    .operands_min = 1,
    .operands_max = 1,
    .description =
        "Reads an ONNX file and tells what kind of network it is, which road users it knows, the\n"
        "size of its input, its weights and its SHA-256. With --plan also what this program would\n"
        "make of it on this machine: the steps after fusing, in the order in which they run, with\n"
        "the kernel that runs each. The flags on size, precision and threads are for that.\n",
    .examples = "its-camera-ai model info yolo11n.onnx\n"
                "its-camera-ai model info yolo11n.onnx --plan --size 640x384\n"
                "its-camera-ai model info yolo11n.onnx --json\n",
    .sets = sets,
    .set_count = ITS_ARRAY_LEN(sets),
    .settings_bytes = sizeof(struct settings),
    .defaults = &defaults,
    .run = run,
};
