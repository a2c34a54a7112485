/* Networks of tiny files, written here: outputs that are not of reals, and compiled plans on disk
 * that are another model's, damaged, or not there to be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "nn/model.h"
#include "tiny_models.h"

static char folder[] = "/tmp/its-small-XXXXXX";

/* Writes the file, and opens it. */
static struct its_model *open_tiny(struct tiny *t, const char *name)
{
    char path[128];
    struct its_model *m;
    struct its_error err;
    struct its_str bytes = tiny_file(t, 17, NULL);
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(its_str_get(&bytes), 1, bytes.len, f), bytes.len);
    fclose(f);
    its_str_fini(&bytes);
    if (its_model_open(path, &m, &err) < 0)
        fail_msg("%s", err.text);
    return m;
}

static struct its_network *open_network(const struct its_model *m,
                                        const struct its_network_settings *s)
{
    struct its_network *n;
    struct its_error err;
    if (its_network_create(m, s, &n, &err) < 0)
        fail_msg("%s", err.text);
    return n;
}

static void fill_input(struct its_network *n, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        its_network_input(n)[i] = (float)((uint32_t)i * 2654435761u >> 24) / 255;
}

/* --- outputs */

/* Which of three channels is the largest, as indices: the caller is promised f32. */
static void test_integers_come_out_as_reals(void **state)
{
    static const char *const backend[] = {"cpu", "ref"};
    struct tiny t = {0};
    tiny_input(&t, "x", TINY_FLOAT, 4, (int64_t[]){1, 3, TINY_SIDE, TINY_SIDE});
    tiny_node(&t, "MaxPool", "x", "cells", "kernel_shape=8,8, strides=8,8,");
    tiny_node(&t, "ArgMax", "cells", "largest", "axis=1");
    tiny_output(&t, "largest");
    tiny_output(&t, "cells");
    struct its_model *m = open_tiny(&t, "integers.onnx");
    for (int b = 0; b < 2; b++) {
        struct its_network_settings s;
        its_network_defaults(&s);
        s.backend = backend[b];
        s.batch = 2;
        struct its_network *n = open_network(m, &s);
        fill_input(n, 2 * 3 * TINY_SIDE * TINY_SIDE);
        assert_int_equal(its_network_run(n, 2), 0);
        struct its_output largest = its_network_output(n, 0), cells = its_network_output(n, 1);
        assert_string_equal(largest.name, "largest");
        assert_string_equal(cells.name, "cells");
        for (int i = 0; i < 2 * 64; i++) {
            const float *c = cells.data + i / 64 * 3 * 64 + i % 64;
            int best = c[64] > c[0] ? 1 : 0;
            best = c[128] > c[best * 64] ? 2 : best;
            assert_true(largest.data[i] == (float)best);
        }
        its_network_destroy(&n);
    }
    its_model_close(&m);
}

int main(void)
{
    if (!mkdtemp(folder))
        return 1;
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_integers_come_out_as_reals)};
    int rc = cmocka_run_group_tests_name("nn/small_network", tests, NULL, NULL);
    char command[64];
    snprintf(command, sizeof(command), "rm -r %s", folder);
    return system(command) == 0 ? rc : 1;
}
