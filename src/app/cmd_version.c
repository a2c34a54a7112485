/* version */
#include <stdbool.h>

#include "app/cmd.h"
#include "app/version.h"

struct settings {
    bool json;
};

static const struct its_flag flags[] = {
    {{"json", ITS_OPT_BOOL, offsetof(struct settings, json),
      .doc = "Print one JSON object on one line."}},
};

static const struct its_flag_set sets[] = {{flags, ITS_ARRAY_LEN(flags), 0}};

static int run(const struct its_call *call)
{
    const struct settings *settings = call->settings;
    struct its_str text = {0};
    if (settings->json)
        its_version_print_json(&text);
    else
        its_version_print(&text);
    fputs(its_str_get(&text), call->out);
    its_str_fini(&text);
    return ITS_EXIT_OK;
}

const struct its_command its_cmd_version = {
    .name = "version",
    .summary = "print versions of the program and its libraries",
    .description =
        "Prints the version, how the program was built, which optional parts it has (+)\n"
        "or lacks (-), and the versions of the libraries it runs with.\n",
    .examples = "its-camera-ai version\n"
                "its-camera-ai version --json | jq -r .libraries.libavcodec\n",
    .sets = sets,
    .set_count = ITS_ARRAY_LEN(sets),
    .settings_bytes = sizeof(struct settings),
    .run = run,
};
