/* its_line_parse on any text: never crashes, and what it accepts it also promises. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"
#include "traffic/line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[256];
    struct its_line line;
    struct its_error err;
    size_t n = ITS_MIN(size, sizeof(text) - 1);
    memcpy(text, data, n);
    text[n] = 0;

    int rc = its_line_parse(text, &line, &err);
    if (rc < 0) {
        its_assert(rc == -EINVAL && err.code == rc);
        its_assert(memchr(err.text, 0, sizeof(err.text)) && err.text[0]);
        return 0;
    }
    size_t name = strlen(line.name);
    its_assert(name > 0 && name <= ITS_NAME_MAX);
    struct its_line px = its_line_in_pixels(&line, 1920, 1080);
    its_assert(!px.fractions);
    its_assert(isfinite(its_line_side(&px, (struct its_point){3, 4})));
    return 0;
}
