/* Damaged files: cut anywhere, any bit flipped. Each is refused with a reason or makes a graph that
 * can be bound or refuses that; the sanitizers watch the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "nn/bind.h"
#include "nn/onnx/import.h"
#include "tiny_models.h"

/* Whether it was taken for a model. The bytes are copied, so that reading past them is seen. */
static bool try(const char *bytes, size_t size)
{
    uint8_t *copy = its_malloc(size ? size : 1);
    memcpy(copy, bytes, size);
    struct its_graph *g, *bound;
    struct its_error err = {0};
    int rc = its_onnx_import_bytes(copy, size, free, &g, &err);
    assert_true((rc < 0) == !g);
    assert_true(rc == 0 || (err.code == rc && err.text[0]));
    if (rc)
        return false;
    err = (struct its_error){0};
    rc = its_graph_bind(g, 2, 96, 64, &bound, &err);
    assert_true((rc < 0) == !bound);
    assert_true(rc == 0 || err.text[0]);
    its_graph_destroy(&bound);
    its_graph_destroy(&g);
    return true;
}

static void cuts_and_flips(struct tiny t)
{
    struct its_str file = tiny_file(&t, 17, NULL);
    int taken = 0, tries = 0;
    assert_true(try(file.data, file.len));
    for (size_t n = 0; n < file.len; n++)
        assert_false(try(file.data, n)); /* the graph is the last field: any cut spoils it */
    for (size_t bit = 0; bit < file.len * 8; bit++, tries++) {
        file.data[bit / 8] ^= (char)(1 << bit % 8);
        taken += try(file.data, file.len);
        file.data[bit / 8] ^= (char)(1 << bit % 8);
    }
    print_message("%zu bytes: %d of %d flips still make a graph\n", file.len, taken, tries);
    its_str_fini(&file);
}

static void every_place_of_tiny_files(void **state)
{
    cuts_and_flips(tiny_decoder(0));
    cuts_and_flips(tiny_best_of());
}

static char *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("no %s", path);
    fseek(f, 0, SEEK_END);
    *size = (size_t)ftell(f);
    rewind(f);
    char *bytes = its_malloc(*size);
    assert_int_equal(fread(bytes, 1, *size, f), *size);
    fclose(f);
    return bytes;
}

/* Nodes come first in a file: that is where most of the flips go. */
static void many_places_of_a_real_file(void **state)
{
    const char *dir = getenv("ITS_TESTDATA");
    char path[600];
    snprintf(path, sizeof(path), "%s/models/yolox_nano.onnx", dir ? dir : "");
    if (!dir || !*dir || access(path, R_OK)) {
        print_message("SKIPPED: no real model; set ITS_TESTDATA\n");
        skip();
    }
    size_t size;
    char *bytes = read_file(path, &size);
    uint32_t seed = 1;
    int taken = 0;
    print_message("seed %u\n", seed);
    for (int i = 0; i < 100; i++)
        assert_false(try(bytes, size / 100 * (size_t)i));
    for (int i = 0; i < 200; i++) {
        seed = seed * 1664525 + 1013904223;
        size_t at = (seed >> 4) % (i % 4 ? 65536 : size);
        char was = bytes[at];
        bytes[at] ^= (char)(1 << (seed >> 29));
        taken += try(bytes, size);
        bytes[at] = was;
    }
    print_message("%d of 200 flips still make a graph\n", taken);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_place_of_tiny_files),
        cmocka_unit_test(many_places_of_a_real_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
