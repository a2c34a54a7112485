/* Commands of the program as data, and the road from main() to one of them. */
#pragma once

#include <stdio.h>

#include "cli/flags.h"

/* Exit codes, the same for every command. */
enum its_exit { ITS_EXIT_OK = 0, ITS_EXIT_FAILED = 1, ITS_EXIT_USAGE = 2 };

/* What a running command is given. All of it lives until run returns. */
struct its_call {
    const void *settings;         /* the command's settings struct, flags filled in */
    struct its_operands operands; /* as many as the command allows */
    const char *const *env;
    FILE *out, *err;
    struct its_arena *arena;
};

struct its_command {
    const char *name;     /* "version", or two words: "config check" */
    const char *summary;  /* one line, no full stop */
    const char *operands; /* "[FILE]"; NULL: none allowed */
    unsigned operands_min, operands_max;
    const char *description; /* paragraphs of at most 80 columns, parted by empty lines */
    const char *environment; /* further variables it reads, a line each; NULL: none */
    const char *examples;    /* lines */
    const struct its_flag_set *sets;
    unsigned set_count;
    size_t settings_bytes;
    const void *defaults;                    /* of settings_bytes; NULL: zeros */
    int (*run)(const struct its_call *call); /* returns an its_exit */
};

/* Finds the command, reads its flags, runs it or prints help. argv[0] is the program's name.
 * Returns the exit code. */
int its_commands_run(const struct its_command *const *commands, unsigned count, int argc,
                     const char *const *argv, const char *const *env, FILE *out, FILE *err);

/* The manual page of a command. */
void its_help_print_command(const struct its_command *command, FILE *out);

/* The overview of all commands, or with prefix ("config") of those that begin with that word. */
void its_help_print_commands(const struct its_command *const *commands, unsigned count,
                             const char *prefix, FILE *out);
