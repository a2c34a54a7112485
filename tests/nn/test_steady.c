/* A network that runs allocates nothing: malloc and its kin are wrapped at link time, which reaches
 * our library (oneDNN and OpenMP are shared ones: what they do is their business). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/mem.h"
#include "nn/model.h"

static _Atomic bool counting;
static _Atomic uint64_t calls;

void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t n);
void *__real_realloc(void *old, size_t n);
void *__real_aligned_alloc(size_t align, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t n);
void *__wrap_realloc(void *old, size_t n);
void *__wrap_aligned_alloc(size_t align, size_t n);

void *__wrap_malloc(size_t n)
{
    calls += counting;
    return __real_malloc(n);
}

void *__wrap_calloc(size_t count, size_t n)
{
    calls += counting;
    return __real_calloc(count, n);
}

void *__wrap_realloc(void *old, size_t n)
{
    calls += counting;
    return __real_realloc(old, n);
}

void *__wrap_aligned_alloc(size_t align, size_t n)
{
    calls += counting;
    return __real_aligned_alloc(align, n);
}

static void check(const char *file, const struct its_network_settings *s)
{
    char path[512];
    struct its_error err;
    struct its_model *m;
    struct its_network *n;
    snprintf(path, sizeof(path), "%s/models/%s", getenv("ITS_TESTDATA"), file);
    if (its_model_open(path, &m, &err) < 0 || its_network_create(m, s, &n, &err) < 0)
        fail_msg("%s", err.text);
    calls = 0;
    for (int i = 0; i < 4; i++) {
        counting = i > 0;
        assert_int_equal(its_network_run(n, s->batch), 0);
        counting = false;
    }
    print_message("%s, batch %d, %d threads: %d allocations\n", file, s->batch, s->threads,
                  (int)calls);
    assert_int_equal(calls, 0);
    its_network_destroy(&n);
    its_model_close(&m);
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
    const char *data = getenv("ITS_TESTDATA");
    if (!data || !*data) {
        fprintf(stderr, "SKIPPED: ITS_TESTDATA names no folder with models\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_allocations_are_counted),
                                       cmocka_unit_test(test_no_malloc_per_run)};
    return cmocka_run_group_tests_name("nn/steady", tests, NULL, NULL);
}
