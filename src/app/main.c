/* The program: a table of commands. */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "app/cmd.h"
#include "base/mem.h"

/* Where the shell closed stdin, stdout or stderr, the first files we open would take their place
 * and be written to. Read-only, so that writing still fails and is told. */
static void keep_standard_files(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDONLY);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

int main(int argc, char **argv)
{
    static const struct its_command *const commands[] = {
        &its_cmd_run,          &its_cmd_analyze,        &its_cmd_detect,     &its_cmd_simulate,
        &its_cmd_camera_probe, &its_cmd_camera_list,    &its_cmd_model_info, &its_cmd_model_bench,
        &its_cmd_model_verify, &its_cmd_model_quantize, &its_cmd_model_pull, &its_cmd_config_check,
        &its_cmd_config_print, &its_cmd_config_docs,    &its_cmd_version,
    };
    its_mem_settle();
    keep_standard_files();
    signal(SIGPIPE, SIG_IGN); /* a reader that has gone is an error of writing, not our end */
    return its_commands_run(commands, ITS_ARRAY_LEN(commands), argc, (const char *const *)argv,
                            (const char *const *)environ, stdout, stderr);
}
