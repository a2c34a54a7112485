/* Every option of the configuration, as groups of rows: private to the config_*.c files. */
#pragma once

#include "config/config.h"

/* The rows of one settings struct and where in its_config it lies. */
struct its_config_group {
    const char *path; /* "log", "detector.motion"; "" = top level */
    const char *doc;
    const struct its_opt *opts;
    unsigned count;
    size_t offset; /* of the settings struct in its_config */
};

extern const struct its_config_group its_config_groups[];
extern const unsigned its_config_group_count;

extern const struct its_opt its_camera_opts[];
extern const unsigned its_camera_opt_count;

/* A set of rows with the values they describe: a group of a configuration, or a camera. */
struct its_config_section {
    const char *path; /* "log", "cameras.north" */
    const struct its_opt *opts;
    unsigned count;
    void *settings;
    struct its_origin *origins; /* one per row */
};

struct its_config_section its_config_group_section(const struct its_config *config, unsigned group);
/* Its path lives in the configuration's arena. */
struct its_config_section its_config_camera_section(const struct its_config *config,
                                                    struct its_camera_config *camera);

/* Index of the group of that path, -1 when there is none. */
int its_config_group_find(const char *path);

/* All groups' options: how many origins a configuration has. */
unsigned its_config_origin_count(void);

/* The values before any layer. */
void its_config_set_defaults(struct its_config *config);
void its_camera_config_set_defaults(struct its_camera_config *camera);
