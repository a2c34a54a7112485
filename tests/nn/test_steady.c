/* A network that runs allocates nothing: malloc and its kin are wrapped at link time, which reaches
 * our library (oneDNN and OpenMP are shared ones: what they do is their business). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/mem.h"
#include "nn/model.h"
#include "tiny_models.h"
#include "tests/base/count_alloc.h"

static void check_file(const char *path, const struct its_network_settings *s)
{
    struct its_error err;
    struct its_model *m;
    struct its_network *n;
    if (its_model_open(path, &m, &err) < 0 || its_network_create(m, s, &n, &err) < 0)
        fail_msg("%s", err.text);
    calls = 0;
    for (int i = 0; i < 4; i++) {
        counting = i > 0;
        assert_int_equal(its_network_run(n, s->batch), 0);
        counting = false;
    }
    print_message("%s, batch %d, %d threads: %d allocations\n", path, s->batch, s->threads,
                  (int)calls);
    assert_int_equal(calls, 0);
    its_network_destroy(&n);
    its_model_close(&m);
}

static void check(const char *file, const struct its_network_settings *s)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/models/%s", getenv("ITS_TESTDATA"), file);
    check_file(path, s);
}

static void test_no_malloc_per_run(void **state)
{
    struct its_network_settings s;
    its_network_defaults(&s);
    s.width = s.height = 160;
    check("yolo11n-320.onnx", &s);
    s.threads = 2;
    check("yolo11n-320.onnx", &s);
    s.batch = 3;
    check("yolo11n-320.onnx", &s);
    s.precision = ITS_PRECISION_BF16;
    check("yolo11n-320.onnx", &s);
    s.precision = ITS_PRECISION_INT8;
    s.head_maps = true;
    check("quantised/yolo11n-face-int8-qdq-opset20.onnx", &s);
}

/* The end of an NMS-free head and what attention does, by the reference's operators: they run in
 * every inference of such a file. */
static struct tiny nms_free(void)
{
    struct tiny t = tiny_levels(3);
    tiny_ints(&t, "k", 1, (int64_t[]){5});
    tiny_ints(&t, "last", 1, (int64_t[]){-1});
    tiny_ints(&t, "wide", 3, (int64_t[]){1, 5, 3});
    tiny_ints(&t, "double", 4, (int64_t[]){1, 3, 8, 8});
    tiny_node(&t, "Transpose", "all", "cells", "perm=0,2,1,");
    tiny_node(&t, "MatMul", "cells all", "alike", NULL);
    tiny_node(&t, "ReduceMax", "alike", "score", "axes=2, keepdims=0");
    tiny_node(&t, "TopK", "score k", "best where", "axis=-1");
    tiny_node(&t, "Unsqueeze", "where last", "place", NULL);
    tiny_node(&t, "Expand", "place wide", "places", NULL);
    tiny_node(&t, "GatherElements", "cells places", "rows", "axis=1");
    tiny_node(&t, "Resize", "p16 - - double", "near",
              "mode=nearest coordinate_transformation_mode=asymmetric nearest_mode=floor");
    for (int i = 0; i < 3; i++)
        tiny_output(&t, (const char *[]){"rows", "where", "near"}[i]);
    return t;
}

static void test_no_malloc_in_operators(void **state)
{
    static const char *const backend[] = {"cpu", "ref"};
    char path[] = "/tmp/its-steady-XXXXXX";
    struct tiny t = nms_free();
    struct its_str bytes = tiny_file(&t, 17, NULL);
    int fd = mkstemp(path);
    assert_int_equal(write(fd, its_str_get(&bytes), bytes.len), bytes.len);
    close(fd);
    its_str_fini(&bytes);
    for (int i = 0; i < 2; i++) {
        struct its_network_settings s;
        its_network_defaults(&s);
        s.backend = backend[i];
        check_file(path, &s);
    }
    unlink(path);
}

/* The ruler itself. */
static void test_allocations_are_counted(void **state)
{
    calls = 0;
    counting = true;
    free(its_malloc(8));
    counting = false;
    assert_int_equal(calls, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_allocations_are_counted),
                                       cmocka_unit_test(test_no_malloc_in_operators)};
    const struct CMUnitTest real[] = {cmocka_unit_test(test_no_malloc_per_run)};
    const char *data = getenv("ITS_TESTDATA");
    int failed = cmocka_run_group_tests_name("nn/steady", tests, NULL, NULL);
    if (data && *data)
        return failed + cmocka_run_group_tests_name("nn/steady/models", real, NULL, NULL);
    fprintf(stderr, "SKIPPED: ITS_TESTDATA names no folder with models\n");
    return failed ? failed : 77;
}
