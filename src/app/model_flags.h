/* Flags that every command with a network has: how it is to be run. */
#pragma once

#include "cli/flags.h"
#include "nn/model.h"

struct its_model_flags {
    enum its_precision precision;
    const char *size; /* "640", "640x384"; NULL: the model's own */
    int threads, batch;
    const char *backend;
};

#define ITS_MODEL_FLAGS_DEFAULT                                                                    \
    {                                                                                              \
        .threads = 1, .batch = 1                                                                   \
    }

/* --size --precision --backend --threads --batch: a flag set of a command is these rows, their
 * count and the place of the struct in its settings. */
#define ITS_MODEL_FLAG_COUNT 5
extern const struct its_flag its_model_flag_rows[ITS_MODEL_FLAG_COUNT];

/* Fills width, height, batch, threads, precision and back end; 0, or -EINVAL with a sentence. */
int its_model_flags_apply(const struct its_model_flags *flags, struct its_network_settings *s,
                          struct its_error *err);

/* "f32", "bf16", "int8", "auto". Static storage. */
const char *its_precision_name(enum its_precision precision);
