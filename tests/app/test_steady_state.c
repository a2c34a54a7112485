/* No allocation per frame in our code, with the motion detector or a network: malloc and its kin
 * are wrapped at link time, which reaches our library but not the shared ones (libavcodec's own
 * allocations are its business). Counts calls over the second half of a looped clip: reading,
 * decoding, detection, tracking, counting and the JSON of every result. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "app/analysis.h"
#include "app/recorder.h"
#include "app/result_json.h"
#include "camera/source.h"
#include "frame/decoder.h"
#include "tests/camera/make_clip.h"
#include "tests/base/count_alloc.h"

enum { FRAMES = 150, WARM_UP = 160, MEASURED = 300, MEASURED_NETWORK = 60 };

struct sink {
    struct its_str text;
    uint64_t results, crossings;
};

static void on_result(void *ctx, struct its_result *r)
{
    struct sink *s = ctx;
    its_str_clear(&s->text);
    its_frame_json(&s->text, r);
    for (int i = 0; i < r->crossing_count; i++)
        its_crossing_json(&s->text, &r->crossing[i]);
    s->results++;
    s->crossings += (uint64_t)r->crossing_count;
}

static void pump(struct its_source *source, struct its_decoder *decoder,
                 struct its_analysis *analysis, struct sink *sink, uint64_t results)
{
    for (uint64_t until = sink->results + results; sink->results < until;) {
        struct its_packet *p;
        struct its_frame *f;
        its_assert(its_source_read(source, &p, NULL) == 0);
        while (its_decoder_send(decoder, p, true) == -EAGAIN)
            while (its_decoder_receive(decoder, &f) == 0)
                its_analysis_frame(analysis, f);
        while (its_decoder_receive(decoder, &f) == 0)
            its_analysis_frame(analysis, f);
        its_packet_unref(&p);
    }
}

/* The way of a looped clip's frames to their JSON, once it is warm. */
static void check_clip(struct its_detectors *detectors, int measured)
{
    static struct made_clip truth;
    struct sink sink = {0};
    char path[64], url[80];
    struct its_scene_settings scene;
    its_scene_settings_default(&scene);
    scene.density = 0.7;
    snprintf(path, sizeof(path), "/tmp/its-steady-%d.mp4", (int)getpid());
    snprintf(url, sizeof(url), "%s?loop", path);
    make_clip(&scene, FRAMES, path, &truth);

    struct its_line lines[ITS_SCENE_LINES_MAX];
    for (int i = 0; i < truth.lines; i++) {
        lines[i] = (struct its_line){.a = truth.line[i].a, .b = truth.line[i].b};
        snprintf(lines[i].name, sizeof(lines[i].name), "%s", truth.line[i].name);
    }
    struct its_bus bus = {0};
    struct its_recorder recorder;
    its_recorder_init(&recorder, "test", NULL);
    its_bus_add(&bus, its_recorder_result, &recorder);
    its_bus_add(&bus, on_result, &sink);

    struct its_cancel *cancel = its_cancel_create(NULL);
    struct its_source_settings set;
    struct its_source *source;
    its_source_defaults(&set);
    set.url = url;
    assert_int_equal(its_source_open(&set, cancel, &source, NULL), 0);
    struct its_decoder *decoder = its_decoder_create();
    struct its_analysis_settings analysis_settings;
    struct its_analysis *analysis;
    its_analysis_defaults(&analysis_settings);
    its_analysis_use(&analysis_settings, detectors);
    analysis_settings.camera = "test";
    analysis_settings.first_track = 1;
    analysis_settings.lines = lines;
    analysis_settings.line_count = truth.lines;
    assert_int_equal(its_analysis_create(&analysis_settings, &bus, &analysis), 0);

    pump(source, decoder, analysis, &sink, WARM_UP); /* past the first wrap of the loop */
    uint64_t before = sink.crossings;
    calls = 0;
    counting = true;
    pump(source, decoder, analysis, &sink, (uint64_t)measured);
    counting = false;
    print_message("%d frames, %d crossings, %d allocations\n", measured,
                  (int)(sink.crossings - before), (int)calls);
    assert_true(sink.crossings > before); /* there was something to do */
    assert_int_equal(its_analysis_stats(analysis)->failed, 0);
    assert_int_equal(calls, 0);

    its_analysis_destroy(&analysis);
    its_decoder_destroy(&decoder);
    its_source_close(&source);
    its_cancel_destroy(&cancel);
    its_str_fini(&sink.text);
    unlink(path);
}

static void test_no_malloc_per_frame(void **state)
{
    check_clip(NULL, MEASURED);
}

/* A low threshold: the drawn street's road users are not quite those that it has learnt. */
static void test_no_malloc_per_frame_with_a_network(void **state)
{
    char model[4096];
    const char *testdata = getenv("ITS_TESTDATA");
    if (!testdata || !*testdata) {
        print_message("SKIPPED: no test data: allocations of a network are not counted\n");
        skip();
    }
    snprintf(model, sizeof(model), "%s/models/yolo11n-320.onnx", testdata);
    struct its_detector_config config = {
        .model = model, .input_size = 320, .confidence = 0.01, .iou = 0.6};
    struct its_detectors_settings set = its_detectors_settings_of(&config);
    struct its_detectors *detectors;
    struct its_error err = {0};
    if (its_detectors_create(&set, &detectors, &err) < 0)
        fail_msg("%s", err.text);
    check_clip(detectors, MEASURED_NETWORK);
    its_detectors_destroy(&detectors);
}

/* Drawing and encoding a simulated street. */
static void test_no_malloc_per_drawn_frame(void **state)
{
    struct its_cancel *cancel = its_cancel_create(NULL);
    struct its_source_settings set;
    struct its_source *source;
    its_source_defaults(&set);
    set.url = "sim:junction?size=640x360&density=0.8&sway=2&duration=1000";
    assert_int_equal(its_source_open(&set, cancel, &source, NULL), 0);
    calls = 0;
    for (int i = 0; i < WARM_UP + MEASURED; i++) {
        struct its_packet *p;
        counting = i >= WARM_UP;
        assert_int_equal(its_source_read(source, &p, NULL), 0);
        its_packet_unref(&p);
        counting = false;
    }
    print_message("%d frames drawn, %d allocations\n", MEASURED, (int)calls);
    assert_int_equal(calls, 0);
    its_source_close(&source);
    its_cancel_destroy(&cancel);
}

/* The ruler itself: an allocation of our library is seen. */
static void test_allocations_are_counted(void **state)
{
    counting = true;
    struct its_str s = {0};
    its_str_puts(&s, "one");
    counting = false;
    assert_int_equal(calls, 1);
    calls = 0;
    its_str_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_allocations_are_counted),
                                       cmocka_unit_test(test_no_malloc_per_frame),
                                       cmocka_unit_test(test_no_malloc_per_frame_with_a_network),
                                       cmocka_unit_test(test_no_malloc_per_drawn_frame)};
    return cmocka_run_group_tests_name("app/steady_state", tests, NULL, NULL);
}
