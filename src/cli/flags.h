/* The command line as data: flags are option rows (base/opts.h), so that types, ranges, error texts
 * and help come from the same row as for the configuration file. */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/opts.h"

/* A row of type BOOL is a switch (--json, also --json=false); others take a value, --name=value or
 * --name value. A flag given again wins, or appends when its type is LIST. */
struct its_flag {
    struct its_opt opt; /* name without the dashes; of one letter: -o VALUE */
    const char *arg;    /* what help calls the value: "FILE"; NULL for a switch */
};

/* What stands before a flag of that name: "--", or "-" before a letter. */
const char *its_flag_dashes(const char *name);

/* Flags with the place of their settings struct in the command's. Several commands can share one.
 */
struct its_flag_set {
    const struct its_flag *flags;
    unsigned count;
    size_t offset;
};

/* What stood on the command line besides flags. */
struct its_operands {
    const char **items; /* NULL at the end */
    unsigned count;
};

#define ITS_FLAGS_HELP 1 /* --help or -h was given */

/* Reads argv (without program and command names) into settings, which holds the defaults. `--` ends
 * the flags; a single `-` is an operand. Strings are copied into arena, operands borrowed from
 * argv, their array in arena. 0, ITS_FLAGS_HELP, or -EINVAL with a sentence in err. */
int its_flags_parse(const struct its_flag_set *sets, unsigned set_count, int argc,
                    const char *const *argv, void *settings, struct its_operands *operands,
                    struct its_arena *arena, struct its_error *err);
