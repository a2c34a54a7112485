/* A configuration in the making: what the layers share. Private to this folder. */
#pragma once

#include "config/table.h"

struct its_config_build {
    struct its_config *config;
    struct its_report *report;
    const char *file; /* name of the YAML document */
};

/* "PLACE: PATH: text" into the report. path may be NULL. */
void its_config_complain(struct its_config_build *b, const struct its_origin *origin,
                         const char *path, const char *fmt, ...) ITS_PRINTF(4, 5);

/* The layers. Mistakes go into the report; what is right is taken all the same, so that one mistake
 * does not hide the next. The file's also returns the code of the YAML reader. */
int its_config_build_file(struct its_config_build *b, const char *yaml, size_t bytes);
void its_config_build_env(struct its_config_build *b, const char *const *env);
void its_config_build_override(struct its_config_build *b, const struct its_config_override *o);

/* Sets one option from text. */
void its_config_put(struct its_config_build *b, const struct its_config_section *section,
                    const struct its_opt *opt, const char *text, const struct its_origin *origin);

/* The camera of that id, a new one with defaults when there is none. NULL: the id is no id, or
 * there are too many (reported). Good until the next camera is added. */
struct its_camera_config *its_config_put_camera(struct its_config_build *b, const char *id,
                                                const struct its_origin *origin);

/* Adds or replaces the line of that name. points: "x1,y1,x2,y2", spaces allowed. */
void its_config_put_line(struct its_config_build *b, struct its_camera_config *camera,
                         const char *name, const char *points, const struct its_origin *origin);

/* Is it an option that was announced but that this version does not have? Its error says so. */
bool its_config_is_planned(const char *path);

/* Sets what a dotted path names: "log.level", "cameras.north.url", "cameras.north.lines.main".
 * spelling ENV: '-' is written '_' and letter case is lost in it, so cameras and lines that are
 * there are matched loosely. */
enum its_config_spelling { ITS_SPELLING_EXACT, ITS_SPELLING_ENV };
void its_config_assign(struct its_config_build *b, const char *path,
                       enum its_config_spelling spelling, const char *text,
                       const struct its_origin *origin);
