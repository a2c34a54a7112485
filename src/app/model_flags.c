/* The rows behind --size, --precision and their kin, and what they mean to a network. */
#include "app/model_flags.h"

#include <stdio.h>

#include "base/attr.h"

static const char *const precisions[] = {"auto", "f32", "bf16", "int8", NULL};

const struct its_flag its_model_flag_rows[ITS_MODEL_FLAG_COUNT] = {
    {{"size", ITS_OPT_STRING, offsetof(struct its_model_flags, size), .min = 1,
      .default_text = "the model's own",
      .doc = "Size of the network's input in pixels, S for a square or WxH; multiples of 32. A "
             "smaller one is faster and misses small road users; 640x384 suits 16:9."},
     "S|WxH"},
    {{"precision", ITS_OPT_CHOICE, offsetof(struct its_model_flags, precision),
      .choices = precisions,
      .doc = "How numbers are computed. auto: int8 for a quantised model, else f32."},
     "P"},
    {{"backend", ITS_OPT_STRING, offsetof(struct its_model_flags, backend), .min = 1,
      .default_text = "the best there is",
      .doc = "What runs the network: cpu, or ref, the slow plain C that the others are measured "
             "against."},
     "NAME"},
    {{"threads", ITS_OPT_INT, offsetof(struct its_model_flags, threads), .min = 1, .max = 256,
      .doc = "Threads that share one run of the network."},
     "N"},
    {{"batch", ITS_OPT_INT, offsetof(struct its_model_flags, batch), .min = 1, .max = 32,
      .doc = "Pictures that go through the network at once."},
     "N"},
};

static bool is_side(int px)
{
    return px >= 32 && px <= 8192 && px % 32 == 0;
}

static int read_size(const char *text, struct its_network_settings *s, struct its_error *err)
{
    int end = 0;
    bool square = sscanf(text, "%4d%n", &s->width, &end) == 1 && !text[end];
    if (square)
        s->height = s->width;
    else if (sscanf(text, "%4dx%4d%n", &s->width, &s->height, &end) != 2 || text[end])
        return its_error_set(err, -EINVAL, "--size %s: expected S or WxH, as in 640 or 640x384",
                             text);
    if (!is_side(s->width) || !is_side(s->height))
        return its_error_set(err, -EINVAL,
                             "--size %s: both sides must be multiples of 32, 32 to "
                             "8192 (for 16:9 try 640x384)",
                             text);
    return 0;
}

int its_model_flags_read(const struct its_model_flags *flags, struct its_network_settings *s,
                         struct its_error *err)
{
    its_network_defaults(s);
    s->batch = flags->batch;
    s->threads = flags->threads;
    s->precision = flags->precision;
    s->backend = flags->backend;
    return flags->size ? read_size(flags->size, s, err) : 0;
}

int its_model_usage(const struct its_call *call, const char *command, const char *text)
{
    fprintf(call->err, "its-camera-ai %s: %s; see its-camera-ai %s --help\n", command, text,
            command);
    return ITS_EXIT_USAGE;
}

const char *const *its_model_labels(const struct its_model *m, struct its_arena *arena)
{
    const struct its_model_info *info = its_model_info(m);
    if (info->class_names)
        return info->class_names;
    const char **labels = its_arena_alloc(arena, (size_t)(info->classes + 1) * sizeof(*labels));
    for (int i = 0; i < info->classes; i++)
        labels[i] = its_arena_printf(arena, "class %d", i);
    return labels;
}

const char *its_precision_name(enum its_precision precision)
{
    return precisions[precision];
}
