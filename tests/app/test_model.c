/* The `model` commands on real networks, and on what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "media.h"
#include "process.h"

#define LIMIT_S 120

static const char *testdata;
static struct media_folder folder;

static int set_up(void **state)
{
    folder = media_folder_make();
    return 0;
}

static int tear_down(void **state)
{
    media_folder_remove(&folder);
    return 0;
}

static void model(struct process *p, const char *args)
{
    process_shell(p, process_patience(LIMIT_S),
                  "cd '%s' && M='%s/models' R='%s/reference' && exec '%s' model %s", folder.path,
                  testdata, testdata, process_exe(), args);
}

static json_t *object_of(struct process *p)
{
    if (p->exit_code != 0)
        fail_msg("exit code %d: %s", p->exit_code, p->err.data);
    json_error_t e;
    json_t *object = json_loads(p->out.data, 0, &e);
    if (!object)
        fail_msg("%s in: %s", e.text, p->out.data);
    process_fini(p);
    assert_int_equal(json_integer_value(json_object_get(object, "v")), 1);
    return object;
}

static double number(json_t *object, const char *key)
{
    json_t *v = json_object_get(object, key);
    if (!json_is_number(v))
        fail_msg("%s is no number", key);
    return json_number_value(v);
}

static void refuses(const char *args, int exit_code, const char *says)
{
    struct process p;
    model(&p, args);
    print_message("model %s: %d %s", args, p.exit_code, p.err.data);
    assert_int_equal(p.exit_code, exit_code);
    assert_int_equal(p.out.len, 0);
    if (!strstr(p.err.data, says))
        fail_msg("expected: %s", says);
    process_fini(&p);
}

/* --- info */

static void info(void **state)
{
    struct process p;
    model(&p, "info $M/yolo11n.onnx --json");
    json_t *o = object_of(&p), *size = json_object_get(o, "size");
    assert_string_equal(json_string_value(json_object_get(o, "sha256")),
                        "c5cb4ea115b2037a29feeeeb4f1accdfd92e85bbb2fa5fc6574c10f8360b75c8");
    assert_string_equal(json_string_value(json_object_get(o, "head")), "yolo");
    assert_int_equal(number(o, "classes"), 80);
    assert_int_equal(number(o, "opset"), 17);
    assert_int_equal(json_integer_value(json_array_get(size, 0)), 640);
    json_t *third = json_array_get(json_object_get(o, "class_names"), 2);
    assert_string_equal(json_string_value(third), "car");
    assert_true(number(o, "parameters") > 2.5e6 && number(o, "parameters") < 2.7e6);
    json_decref(o);

    model(&p, "info $M/yolo11n-320.onnx");
    assert_int_equal(p.exit_code, 0);
    assert_int_equal(process_count(&p.out, "person, bicycle, car, motorcycle, bus, truck (and 74"),
                     1);
    assert_int_equal(process_count(&p.out, "320x320"), 1);
    process_fini(&p);
}

static void info_with_plan(void **state)
{
    struct process p;
    model(&p, "info $M/yolo11n-320.onnx --plan --json");
    json_t *o = object_of(&p), *plan = json_object_get(o, "plan");
    print_message("%zu steps, %.3f GFLOP\n", json_array_size(plan), number(o, "gflop"));
    assert_true(json_array_size(plan) > 80);
    assert_true(number(o, "gflop") > 1.4 && number(o, "gflop") < 1.9); /* 6.5 at 640 */
    json_decref(o);
}

static void what_is_no_model(void **state)
{
    struct process p;
    process_shell(&p, 10, "cd '%s' && echo hello >a.onnx && : >empty.onnx", folder.path);
    process_fini(&p);
    refuses("info none.onnx", 1, "none.onnx");
    refuses("info a.onnx", 1, "a.onnx");
    refuses("info empty.onnx", 1, "empty.onnx");
    refuses("info .", 1, ".");
    refuses("info", 2, "MODEL is missing");
}

/* --- bench */

static void bench(void **state)
{
    struct process p;
    model(&p, "bench $M/yolo11n-320.onnx --seconds 0.3 --layers --json");
    json_t *o = object_of(&p), *ms = json_object_get(o, "ms");
    double p50 = number(ms, "p50"), p99 = number(ms, "p99"), sum = 0;
    print_message("p50 %.2f ms, p99 %.2f ms, %.1f images/s, %.1f GFLOP/s\n", p50, p99,
                  number(o, "images_per_s"), number(o, "gflops"));
    assert_true(p50 > 0 && p50 <= number(ms, "p90") && number(ms, "p90") <= p99);
    assert_true(number(o, "images_per_s") > 0 && number(o, "gflops") > 0);
    size_t i;
    json_t *layer;
    json_array_foreach(json_object_get(o, "layers"), i, layer) sum += number(layer, "ms");
    print_message("layers together: %.2f ms\n", sum);
    assert_true(sum > 0.5 * p50 && sum < 2 * p99);
    json_decref(o);
    refuses("bench $M/yolo11n-320.onnx --size 33", 2, "multiples of 32");
    refuses("bench $M/yolo11n-320.onnx --batch 0", 2, "--batch");
}

static void other_sizes_and_batches(void **state)
{
    struct process p;
    model(&p, "bench $M/yolo11n.onnx --seconds 0.1 --size 320x192 --batch 2 --json");
    json_t *o = object_of(&p), *size = json_object_get(o, "size");
    assert_int_equal(json_integer_value(json_array_get(size, 0)), 320);
    assert_int_equal(json_integer_value(json_array_get(size, 1)), 192);
    assert_int_equal(number(o, "batch"), 2);
    json_decref(o);
}

/* --- verify */

/* x[i] = ((i * 2654435761 mod 2^32) >> 24) / 255, what the reference was made with. */
static void write_input(const char *name, size_t count)
{
    char path[4096];
    float *x = its_calloc(count, sizeof(*x));
    for (size_t i = 0; i < count; i++)
        x[i] = (float)((uint32_t)i * 2654435761u >> 24) / 255.0f;
    snprintf(path, sizeof(path), "%s/%s", folder.path, name);
    FILE *f = fopen(path, "wb");
    assert_int_equal(fwrite(x, sizeof(*x), count, f), count);
    fclose(f);
    free(x);
}

static void verify(void **state)
{
    struct process p;
    write_input("in.f32", 3 * 640 * 640);
    model(&p, "verify $M/yolo11n.onnx --input in.f32 --expect $R/yolo11n_synthetic_output0.f32 "
              "--precision f32 --tolerance 0.2 --json");
    json_t *o = object_of(&p), *out = json_array_get(json_object_get(o, "outputs"), 0);
    print_message("max %g, mean %g\n", number(out, "max_abs"), number(out, "mean_abs"));
    assert_string_equal(json_string_value(json_object_get(out, "name")), "output0");
    assert_true(number(out, "mean_abs") < 1e-3);
    json_decref(o);

    /* Another input: far from what is expected, and said so with --tolerance alone. */
    write_input("small.f32", 3 * 320 * 320);
    model(&p, "verify $M/yolo11n-320.onnx --input small.f32 "
              "--expect $R/yolo11n-320_input320_output0.f32");
    assert_int_equal(p.exit_code, 0);
    process_fini(&p);
    model(&p, "verify $M/yolo11n-320.onnx --input small.f32 "
              "--expect $R/yolo11n-320_input320_output0.f32 --tolerance 0.1");
    assert_int_equal(p.exit_code, 1);
    assert_int_equal(process_count(&p.err, "'output0' is off by"), 1);
    process_fini(&p);
}

static void verify_refuses(void **state)
{
    struct process p;
    process_shell(&p, 10, "cd '%s' && printf abc >three.f32", folder.path);
    process_fini(&p);
    write_input("in.f32", 3 * 320 * 320);
    refuses("verify $M/yolo11n-320.onnx --input in.f32", 2, "--expect OUT.f32 is missing");
    refuses("verify $M/yolo11n-320.onnx --expect in.f32", 2, "--input IN.f32 is missing");
    refuses("verify $M/yolo11n-320.onnx --input none.f32 --expect in.f32", 1, "none.f32");
    refuses("verify $M/yolo11n-320.onnx --input three.f32 --expect in.f32", 1, "32-bit floats");
    refuses("verify $M/yolo11n.onnx --input in.f32 --expect in.f32", 1,
            "holds 307200 numbers and the input has 1228800");
    refuses("verify $M/yolo11n-320.onnx --input in.f32 --expect in.f32", 1,
            "the output 'output0' has 176400");
    refuses("verify $M/yolo11n-320.onnx --input in.f32 --expect in.f32 --expect in.f32", 1,
            "the network has 1 output");
}

/* --- quantize (what it computes: nn/test_quantise.c) */

static void quantize_refuses(void **state)
{
    refuses("quantize $M/yolo11n.onnx", 2, "no pictures to calibrate with");
    refuses("quantize $M/yolo11n-320-ul84-opset12.onnx --calib $M", 1, "opset 12");
    refuses("quantize $M/quantised/yolo11n-face-int8-qdq-opset20.onnx --calib $M -o x.onnx", 1,
            "is quantised already");
    refuses("quantize $M/yolo11n.onnx --calib $M -o /proc/x.onnx", 1, "cannot write /proc/x.onnx");
    refuses("quantize $M/yolo11n.onnx --calib $M -o x.onnx", 1, "no .jpg or .png in this folder");
    refuses("quantize $M/yolo11n.onnx --calib nowhere.mp4 -o x.onnx", 1, "nowhere.mp4");
    refuses("quantize $M/yolo11n.onnx --calib $M/yolo11n.onnx -o x.onnx", 1, "damaged or not a");
}

/* Ctrl-C in the midst of it: no file remains, neither the result nor a trial. */
static void quantize_stops(void **state)
{
    struct process p;
    process_shell(&p, process_patience(LIMIT_S),
                  "mkdir '%s/stopped' && cd '%s/stopped' && timeout -s INT 2 '%s' model quantize "
                  "'%s/models/yolo11n.onnx' --calib '%s/videos/ot_truck.mp4' --wide 32 -o x.onnx; "
                  "ls -A",
                  folder.path, folder.path, process_exe(), testdata, testdata);
    print_message("%.1f s: %s", p.wall_s, p.err.data);
    assert_string_equal(p.out.data, "");
    assert_int_equal(process_count(&p.err, "stopped; nothing was written"), 1);
    assert_true(p.wall_s < process_patience(2 + 3));
    process_fini(&p);
}

/* --- pull: a server that gives one file away */

#define CONTENT "no network at all\n"

static void *serve(void *arg)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n" CONTENT;
    int listener = *(int *)arg;
    for (int fd; (fd = accept(listener, NULL, NULL)) >= 0; close(fd)) {
        char request[2048];
        (void)!recv(fd, request, sizeof(request), 0);
        (void)!send(fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL);
    }
    return NULL;
}

static void pull(void **state)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(a);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&a, len), 0);
    assert_int_equal(listen(listener, 4), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&a, &len), 0);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, serve, &listener), 0);

    char args[400], path[4096];
    struct process p;
    snprintf(args, sizeof(args), "pull http://127.0.0.1:%d/n.onnx?x=1 --sha256 %064d --json",
             ntohs(a.sin_port), 7);
    refuses(args, 1, "another file");
    snprintf(path, sizeof(path), "%s/n.onnx", folder.path);
    assert_int_equal(access(path, F_OK), -1);

    process_shell(&p, 10, "printf '" CONTENT "' | sha256sum | cut -c1-64");
    char sha256[65];
    snprintf(sha256, sizeof(sha256), "%.64s", p.out.data);
    process_fini(&p);
    snprintf(args, sizeof(args), "pull http://127.0.0.1:%d/n.onnx?x=1 --sha256 %s --json",
             ntohs(a.sin_port), sha256);
    model(&p, args);
    json_t *o = object_of(&p);
    assert_string_equal(json_string_value(json_object_get(o, "path")), "n.onnx");
    assert_true(json_is_true(json_object_get(o, "fetched")));
    json_decref(o);
    assert_int_equal(access(path, F_OK), 0);

    /* What is there is not written over, by anything. */
    snprintf(args, sizeof(args), "pull http://127.0.0.1:%d/n.onnx --sha256 %064d",
             ntohs(a.sin_port), 7);
    refuses(args, 1, "is there and is another file");

    shutdown(listener, SHUT_RDWR);
    pthread_join(thread, NULL);
    close(listener);
}

static void pull_refuses(void **state)
{
    refuses("pull", 2, "URL is missing");
    refuses("pull http://127.0.0.1:1/a.onnx", 2, "--sha256 H is missing");
    refuses("pull http://127.0.0.1:1/a.onnx --sha256 12", 2, "64 hexadecimal digits");
    char args[200];
    snprintf(args, sizeof(args), "pull http://127.0.0.1:1/ --sha256 %064d", 7);
    refuses(args, 2, "--output FILE");
    snprintf(args, sizeof(args), "pull http://127.0.0.1:1/fresh.onnx --sha256 %064d", 7);
    refuses(args, 1, "refused");
    snprintf(args, sizeof(args), "pull ftp://127.0.0.1:1/fresh.onnx --sha256 %064d", 7);
    refuses(args, 2, "https://");
}

int main(void)
{
    testdata = getenv("ITS_TESTDATA");
    if (!testdata || !*testdata) {
        printf("SKIPPED: ITS_TESTDATA is not set, so there is no network to try\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(info),
        cmocka_unit_test(info_with_plan),
        cmocka_unit_test(what_is_no_model),
        cmocka_unit_test(bench),
        cmocka_unit_test(other_sizes_and_batches),
        cmocka_unit_test(verify),
        cmocka_unit_test(verify_refuses),
        cmocka_unit_test(quantize_refuses),
        cmocka_unit_test(quantize_stops),
        cmocka_unit_test(pull),
        cmocka_unit_test(pull_refuses),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
