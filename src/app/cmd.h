/* The commands, one const entry each; main.c puts them in a table. */
#pragma once

#include "cli/command.h"

extern const struct its_command its_cmd_run;
extern const struct its_command its_cmd_analyze;
extern const struct its_command its_cmd_simulate;
extern const struct its_command its_cmd_camera_list;
extern const struct its_command its_cmd_camera_probe;
extern const struct its_command its_cmd_config_check;
extern const struct its_command its_cmd_config_print;
extern const struct its_command its_cmd_detect;
extern const struct its_command its_cmd_config_docs;
extern const struct its_command its_cmd_model_bench;
extern const struct its_command its_cmd_model_info;
extern const struct its_command its_cmd_model_pull;
extern const struct its_command its_cmd_model_quantize;
extern const struct its_command its_cmd_model_verify;
extern const struct its_command its_cmd_version;
