/* --help: manual pages from the command tables. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cli/command.h"

#define WIDTH 80

/* Words of text, wrapped, each line behind `indent` spaces. */
static void print_wrapped(const char *text, int indent, FILE *out)
{
    int column = 0;
    while (*text) {
        int n = (int)strcspn(text, " ");
        if (column > 0 && column + 1 + n > WIDTH) {
            fputc('\n', out);
            column = 0;
        }
        if (column == 0)
            column = fprintf(out, "%*s%.*s", indent, "", n, text);
        else
            column += fprintf(out, " %.*s", n, text);
        text += n;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

/* Lines of text as they are, indented. */
static void print_lines(const char *heading, const char *text, FILE *out)
{
    fprintf(out, "\n%s\n", heading);
    while (*text) {
        int n = (int)strcspn(text, "\n");
        fprintf(out, n > 0 ? "    %.*s\n" : "%.*s\n", n, text);
        text += n + (text[n] == '\n');
    }
}

static bool takes_number(enum its_opt_type type)
{
    return type == ITS_OPT_INT || type == ITS_OPT_FLOAT || type == ITS_OPT_DOUBLE ||
           type == ITS_OPT_TIME;
}

/* "(0.1 to 60 frames/s; default 10)", "(repeatable)" behind the sentence. */
static void append_facts(const struct its_opt *o, const void *defaults, struct its_str *out)
{
    struct its_str facts = {0};
    if (takes_number(o->type) || o->type == ITS_OPT_CHOICE)
        its_opt_describe(o, &facts);
    if (o->type == ITS_OPT_LIST)
        its_str_puts(&facts, "repeatable");
    if (defaults && o->type != ITS_OPT_BOOL && o->type != ITS_OPT_LIST) {
        struct its_str value = {0};
        its_opt_show(o, defaults, ITS_OPT_MASKED, &value);
        if (value.len > 0)
            its_str_printf(&facts, "%sdefault %s", facts.len ? "; " : "", its_str_get(&value));
        its_str_fini(&value);
    }
    if (facts.len > 0)
        its_str_printf(out, " (%s)", its_str_get(&facts));
    its_str_fini(&facts);
}

static void print_flag(const struct its_flag *flag, const void *defaults, FILE *out)
{
    fprintf(out, "    %s%s%s%s\n", its_flag_dashes(flag->opt.name), flag->opt.name,
            !flag->arg          ? ""
            : flag->opt.name[1] ? "="
                                : " ",
            flag->arg ? flag->arg : "");
    struct its_str text = {0};
    its_str_puts(&text, flag->opt.doc);
    append_facts(&flag->opt, defaults, &text);
    print_wrapped(its_str_get(&text), 8, out);
    its_str_fini(&text);
}

static void print_options(const struct its_command *cmd, FILE *out)
{
    fprintf(out, "\nOPTIONS\n");
    for (unsigned i = 0; i < cmd->set_count; i++) {
        const struct its_flag_set *set = &cmd->sets[i];
        const char *defaults = cmd->defaults ? (const char *)cmd->defaults + set->offset : NULL;
        for (unsigned j = 0; j < set->count; j++)
            print_flag(&set->flags[j], defaults, out);
    }
    fprintf(out, "    --help\n        Print this page.\n");
}

static const char exit_status[] = "0  done\n"
                                  "1  failed; the reason is on stderr\n"
                                  "2  wrong usage; nothing was done\n";

void its_help_print_command(const struct its_command *cmd, FILE *out)
{
    fprintf(out, "NAME\n    its-camera-ai %s - %s\n", cmd->name, cmd->summary);
    fprintf(out, "\nSYNOPSIS\n    its-camera-ai %s [OPTIONS]%s%s\n", cmd->name,
            cmd->operands ? " " : "", cmd->operands ? cmd->operands : "");
    print_lines("DESCRIPTION", cmd->description, out);
    print_options(cmd, out);
    if (cmd->environment)
        print_lines("ENVIRONMENT", cmd->environment, out);
    print_lines("EXIT STATUS", exit_status, out);
    if (cmd->examples)
        print_lines("EXAMPLES", cmd->examples, out);
}

void its_help_print_commands(const struct its_command *const *commands, unsigned count,
                             const char *prefix, FILE *out)
{
    size_t n = prefix ? strlen(prefix) : 0;
    if (prefix)
        fprintf(out, "its-camera-ai %s: its commands\n\n", prefix);
    else
        fprintf(out, "its-camera-ai - traffic analytics from cameras\n\n"
                     "usage: its-camera-ai COMMAND [OPTIONS]\n\n");
    for (unsigned i = 0; i < count; i++) {
        const struct its_command *cmd = commands[i];
        if (!prefix || (strncmp(cmd->name, prefix, n) == 0 && cmd->name[n] == ' '))
            fprintf(out, "    %-16s %s\n", cmd->name, cmd->summary);
    }
    fprintf(out, "\nits-camera-ai COMMAND --help tells all about one of them.\n");
}
