/* What this program is made of, at run time. */
#pragma once

#include "base/str.h"

/* "version 0.1.0 …" for people, several lines. */
void its_version_print(struct its_str *out);

/* The same as one JSON object, with a newline. */
void its_version_print_json(struct its_str *out);
