/* The flags that every command with a configuration has, and the road from them to it. */
#pragma once

#include "cli/flags.h"
#include "config/config.h"

/* Part of the command's settings struct. */
struct its_config_flags {
    const char *config; /* NULL: not given */
    const char *state;
    const char *log_level;
    const char *model;
    const char *precision;
    struct its_opt_list cameras; /* "ID=URL" */
    struct its_opt_list set;     /* "PATH=VALUE" */
};

/* The rows; a command lists them as a set at the offset of its struct its_config_flags. */
#define ITS_CONFIG_FLAG_COUNT 7
extern const struct its_flag its_config_flag_rows[ITS_CONFIG_FLAG_COUNT];

/* What these commands read from the environment, for their help. */
extern const char its_config_environment[];

/* Finds and reads the file, puts the layers together. Returns and report as its_config_load; a file
 * that cannot be read and a malformed --camera or --set are lines of the report too. */
ITS_MUST_CHECK int its_config_load_flags(const struct its_config_flags *flags,
                                         const char *const *env, struct its_config **config,
                                         struct its_report *report);
