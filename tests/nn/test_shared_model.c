/* Four networks of one model in four threads, one core each: nothing is shared but the model, and
 * the results are the same to the bit. Meant for ThreadSanitizer, so without OpenMP teams, whose
 * barriers it does not see. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/thread.h"
#include "nn/model.h"

enum { THREADS = 4, SIZE = 160, ANCHORS = 525 };

struct job {
    const struct its_model *model;
    float out[84 * ANCHORS];
};

static void run_job(void *arg)
{
    struct job *j = arg;
    struct its_network_settings s;
    struct its_network *n;
    struct its_error err;
    its_network_defaults(&s);
    s.width = s.height = SIZE;
    its_assert(its_network_create(j->model, &s, &n, &err) == 0);
    for (int i = 0; i < 3 * SIZE * SIZE; i++)
        its_network_input(n)[i] = (float)((uint32_t)i * 2654435761u >> 24) / 255;
    for (int i = 0; i < 3; i++)
        its_assert(its_network_run(n, 1) == 0);
    memcpy(j->out, its_network_output(n, 0).data, sizeof(j->out));
    its_network_destroy(&n);
}

static void test_networks_of_one_model_in_threads(void **state)
{
    char path[512];
    struct its_error err;
    struct its_model *m;
    struct its_thread thread[THREADS] = {0};
    struct job *job = its_calloc(THREADS, sizeof(*job));
    snprintf(path, sizeof(path), "%s/models/yolo11n-320.onnx", getenv("ITS_TESTDATA"));
    if (its_model_open(path, &m, &err) < 0)
        fail_msg("%s", err.text);
    for (int i = 0; i < THREADS; i++) {
        job[i].model = m;
        assert_int_equal(its_thread_start(&thread[i], "network", 8 << 20, run_job, &job[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        its_thread_join(&thread[i]);
    for (int i = 1; i < THREADS; i++)
        assert_memory_equal(job[i].out, job[0].out, sizeof(job[0].out));
    free(job);
    its_model_close(&m);
}

int main(void)
{
    const char *data = getenv("ITS_TESTDATA");
    if (!data || !*data) {
        fprintf(stderr, "SKIPPED: ITS_TESTDATA names no folder with models\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_networks_of_one_model_in_threads)};
    return cmocka_run_group_tests_name("nn/shared_model", tests, NULL, NULL);
}
