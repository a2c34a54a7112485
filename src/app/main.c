/* The program: a table of commands. */
#include <unistd.h>

#include "app/cmd.h"

int main(int argc, char **argv)
{
    static const struct its_command *const commands[] = {
        &its_cmd_run,
        &its_cmd_analyze,
        &its_cmd_config_check,
        &its_cmd_config_print,
        &its_cmd_config_docs,
        &its_cmd_version,
    };
    return its_commands_run(commands, ITS_ARRAY_LEN(commands), argc, (const char *const *)argv,
                            (const char *const *)environ, stdout, stderr);
}
