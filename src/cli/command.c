#include "cli/command.h"

#include <string.h>

#include "base/nearest.h"
#include "base/utf8.h"

struct commands {
    const struct its_command *const *items;
    unsigned count;
};

/* How many of the words the command's name matches: its number of words, or 0. */
static int match(const char *name, int argc, const char *const *argv)
{
    int words = 0;
    for (; words < argc; words++) {
        size_t n = strcspn(name, " ");
        if (strlen(argv[words]) != n || memcmp(argv[words], name, n) != 0)
            return 0;
        if (!name[n])
            return words + 1;
        name += n + 1;
    }
    return 0;
}

/* Is word the first of two of some command? */
static bool is_family(const struct commands *c, const char *word)
{
    size_t n = strlen(word);
    for (unsigned i = 0; i < c->count; i++)
        if (strncmp(c->items[i]->name, word, n) == 0 && c->items[i]->name[n] == ' ')
            return true;
    return false;
}

static const char *first_word(const char *name, struct its_arena *arena)
{
    return its_arena_printf(arena, "%.*s", (int)strcspn(name, " "), name);
}

static int refuse_unknown(const struct commands *c, int argc, const char *const *argv,
                          struct its_arena *arena, FILE *err)
{
    char typed[128], shown[128];
    bool family = is_family(c, argv[0]);
    if (family && argc < 2) {
        fprintf(err, "its-camera-ai %s: which one? See its-camera-ai %s --help\n", argv[0],
                argv[0]);
        return ITS_EXIT_USAGE;
    }
    snprintf(typed, sizeof(typed), "%s%s%s", argv[0], family ? " " : "", family ? argv[1] : "");
    struct its_nearest nearest = its_nearest_to(typed);
    for (unsigned i = 0; i < c->count; i++) {
        const char *name = c->items[i]->name;
        its_nearest_offer(&nearest, family ? name : first_word(name, arena));
    }

    const char *meant = its_nearest_name(&nearest);
    fprintf(err, "its-camera-ai: unknown command '%s'",
            its_utf8_excerpt(typed, shown, sizeof(shown)));
    if (meant)
        fprintf(err, " (did you mean '%s'?)\n", meant);
    else
        fprintf(err, "; see its-camera-ai --help\n");
    return ITS_EXIT_USAGE;
}

static int check_operands(const struct its_command *cmd, const struct its_operands *operands,
                          struct its_error *err)
{
    char shown[64];
    if (operands->count < cmd->operands_min)
        return its_error_set(err, -EINVAL, "%s is missing", cmd->operands);
    if (operands->count > cmd->operands_max)
        return its_error_set(
            err, -EINVAL, "unexpected argument '%s'",
            its_utf8_excerpt(operands->items[cmd->operands_max], shown, sizeof(shown)));
    return 0;
}

static int run(const struct its_command *cmd, int argc, const char *const *argv,
               struct its_call *call)
{
    void *settings = its_arena_alloc(call->arena, cmd->settings_bytes);
    if (cmd->defaults)
        memcpy(settings, cmd->defaults, cmd->settings_bytes);
    call->settings = settings;

    struct its_error error;
    int code = its_flags_parse(cmd->sets, cmd->set_count, argc, argv, settings, &call->operands,
                               call->arena, &error);
    if (code == ITS_FLAGS_HELP) {
        its_help_print_command(cmd, call->out);
        return ITS_EXIT_OK;
    }
    if (code == 0)
        code = check_operands(cmd, &call->operands, &error);
    if (code < 0) {
        fprintf(call->err, "its-camera-ai %s: %s; see its-camera-ai %s --help\n", cmd->name,
                error.text, cmd->name);
        return ITS_EXIT_USAGE;
    }
    return cmd->run(call);
}

static bool wants_help(const char *arg)
{
    return strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0 || strcmp(arg, "help") == 0;
}

static int dispatch(const struct commands *c, int argc, const char *const *argv,
                    struct its_call *call);

/* "help version" is "version --help". Ends, as every round has one word less before --help. */
static int dispatch_help(const struct commands *c, int argc, const char *const *argv,
                         struct its_call *call)
{
    const char **words = its_arena_alloc(call->arena, (size_t)argc * sizeof(*words));
    memcpy(words, argv + 1, (size_t)(argc - 1) * sizeof(*words));
    words[argc - 1] = "--help";
    return dispatch(c, argc, words, call);
}

static int dispatch(const struct commands *c, int argc, const char *const *argv,
                    struct its_call *call)
{
    if (argc == 0) {
        its_help_print_commands(c->items, c->count, NULL, call->err);
        return ITS_EXIT_USAGE;
    }
    if (strcmp(argv[0], "help") == 0 && argc > 1)
        return dispatch_help(c, argc, argv, call);
    if (wants_help(argv[0])) {
        its_help_print_commands(c->items, c->count, NULL, call->out);
        return ITS_EXIT_OK;
    }
    for (unsigned i = 0; i < c->count; i++) {
        int words = match(c->items[i]->name, argc, argv);
        if (strcmp(argv[0], "--version") == 0 && strcmp(c->items[i]->name, "version") == 0)
            words = 1;
        if (words > 0)
            return run(c->items[i], argc - words, argv + words, call);
    }
    if (argc == 2 && is_family(c, argv[0]) && wants_help(argv[1])) {
        its_help_print_commands(c->items, c->count, argv[0], call->out);
        return ITS_EXIT_OK;
    }
    return refuse_unknown(c, argc, argv, call->arena, call->err);
}

int its_commands_run(const struct its_command *const *commands, unsigned count, int argc,
                     const char *const *argv, const char *const *env, FILE *out, FILE *err)
{
    const struct commands c = {commands, count};
    struct its_call call = {.env = env, .out = out, .err = err, .arena = its_arena_create(0)};
    int code = dispatch(&c, argc > 0 ? argc - 1 : 0, argv + 1, &call);
    its_arena_destroy(&call.arena);

    /* A full disk or a closed pipe shows only now, or did so in the middle: then errno is gone. */
    bool lost = ferror(out);
    errno = 0;
    lost |= fflush(out) != 0;
    if (lost && code == ITS_EXIT_OK) {
        fprintf(err, "its-camera-ai: cannot write the output: %s\n",
                errno ? its_strerror(-errno) : "part of it is lost");
        code = ITS_EXIT_FAILED;
    }
    return code;
}
