/* The pool of network detectors round a network that says what it is told: sizes of inputs, who
 * holds which instance, and what becomes of frames when the network fails. The network is this
 * file's own: what it defines takes the place of the library's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/analysis.h"
#include "app/detectors.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "frame/frame_pool.h"

enum { ANCHORS = 4, CLASSES = 2, LEAST = 32 };

/* --- the network */

static const char *const names[CLASSES] = {"person", "car"};

struct its_model {
    struct its_model_info info;
};

struct its_network {
    struct its_network_settings set;
    float *input;
    _Atomic int holders;
};

static struct {
    bool fixed, fails_to_open;
    _Atomic int fails_to_run; /* the code */
    enum its_precision has;   /* what it runs in, whatever is wanted; AUTO: what is wanted */
    _Atomic int made, alive;  /* networks */
    float output[1][4 + CLASSES][ANCHORS];
} net;

int its_model_open(const char *path, struct its_model **out, struct its_error *err)
{
    *out = NULL;
    if (net.fails_to_open)
        return its_error_set(err, ITS_EDAMAGED, "%s: damaged", path);
    *out = its_malloc(sizeof(**out));
    (*out)->info = (struct its_model_info){.path = "a.onnx",
                                           .name = "a",
                                           .head = ITS_HEAD_YOLO,
                                           .classes = CLASSES,
                                           .class_names = names,
                                           .native_w = 320,
                                           .native_h = 320,
                                           .resizable = !net.fixed};
    return 0;
}

void its_model_close(struct its_model **m)
{
    free(*m);
    *m = NULL;
}

const struct its_model_info *its_model_info(const struct its_model *m)
{
    return &m->info;
}

void its_network_defaults(struct its_network_settings *s)
{
    *s = (struct its_network_settings){.batch = 1, .threads = 1};
}

int its_network_create(const struct its_model *m, const struct its_network_settings *s,
                       struct its_network **out, struct its_error *err)
{
    struct its_network *n = its_malloc(sizeof(*n));
    n->set = *s;
    bool looks = s->width <= 640; /* larger ones are only counted */
    n->input = its_calloc(looks ? (size_t)s->width * (size_t)s->height * 3 : 1, sizeof(float));
    net.made++;
    net.alive++;
    *out = n;
    return 0;
}

void its_network_destroy(struct its_network **n)
{
    if (!*n)
        return;
    assert_int_equal((*n)->holders, 0);
    free((*n)->input);
    free(*n);
    *n = NULL;
    net.alive--;
}

float *its_network_input(struct its_network *n)
{
    return n->input;
}

int its_network_run(struct its_network *n, int images)
{
    return net.fails_to_run;
}

int its_network_output_count(const struct its_network *n)
{
    return 1;
}

struct its_output its_network_output(const struct its_network *n, int index)
{
    return (struct its_output){"output0", 3, {1, 4 + CLASSES, ANCHORS}, &net.output[0][0][0]};
}

int its_network_head(const struct its_network *n, const struct its_head_level **levels)
{
    return 0;
}

struct its_network_stats its_network_stats(const struct its_network *n)
{
    enum its_precision asked =
        n->set.precision == ITS_PRECISION_AUTO ? ITS_PRECISION_F32 : n->set.precision;
    return (struct its_network_stats){.precision = net.has ? net.has : asked};
}

/* --- the log */

static struct {
    int lines;
    char last[200];
} logged;

static void on_line(void *ctx, enum its_log_level level, const char *line)
{
    logged.lines++;
    snprintf(logged.last, sizeof(logged.last), "%s", line);
}

static int set_up(void **state)
{
    memset(&net, 0, sizeof(net));
    memset(&logged, 0, sizeof(logged));
    its_log_set_sink(on_line, NULL);
    return 0;
}

static int tear_down(void **state)
{
    its_log_set_sink(NULL, NULL);
    return net.alive != 0;
}

static struct its_detectors *detectors_of(int input_size, enum its_precision precision)
{
    struct its_detector_config config = {.model = "a.onnx",
                                         .precision = precision,
                                         .input_size = input_size,
                                         .confidence = 0.1,
                                         .iou = 0.6};
    struct its_detectors_settings set = its_detectors_settings_of(&config);
    struct its_detectors *d;
    struct its_error err = {0};
    char cache[] = "/state/plans";
    set.cache_dir = cache;
    if (its_detectors_create(&set, &d, &err) < 0)
        fail_msg("%s", err.text);
    memset(cache, 'x', sizeof(cache) - 1); /* it was borrowed until here */
    return d;
}

static struct its_detectors *detectors(enum its_precision precision)
{
    return detectors_of(640, precision);
}

static struct its_net_detector *take(struct its_detectors *d, int w, int h)
{
    struct its_error err = {0};
    struct its_net_detector *one;
    if (its_detectors_take(d, w, h, &one, &err) < 0)
        fail_msg("%dx%d: %s", w, h, err.text);
    return one;
}

/* Width and height of what the network sees of such a picture; that instance is given back. */
static void assert_input(struct its_detectors *d, int w, int h, int want_w, int want_h)
{
    struct its_net_detector *one = take(d, w, h);
    const struct its_network_settings *s = &its_net_detector_network(one)->set;
    printf("%dx%d: the network sees %dx%d\n", w, h, s->width, s->height);
    assert_int_equal(s->width, want_w);
    assert_int_equal(s->height, want_h);
    assert_string_equal(s->cache_dir, "/state/plans");
    its_detectors_give(d, one);
}

/* --- */

static void the_input_has_the_picture_s_shape(void **state)
{
    struct its_detectors *d = detectors(ITS_PRECISION_AUTO);
    assert_input(d, 1920, 1080, 640, 384);
    assert_input(d, 1280, 720, 640, 384);
    assert_int_equal(net.made, 1); /* the one that was made first */
    assert_input(d, 640, 480, 640, 480);
    assert_input(d, 2592, 1944, 640, 480);
    assert_int_equal(net.made, 2);
    assert_input(d, 352, 288, 640, 544);
    assert_input(d, 1080, 1920, 384, 640);
    assert_input(d, 500, 500, 640, 640);
    assert_input(d, 8192, 16, 640, LEAST);
    assert_input(d, 1, 1, 640, 640);
    its_detectors_destroy(&d);
    assert_null(d);
}

static void a_model_of_one_size_keeps_it(void **state)
{
    net.fixed = true;
    struct its_detectors *d = detectors(ITS_PRECISION_AUTO);
    assert_input(d, 1920, 1080, 320, 320);
    assert_input(d, 480, 640, 320, 320);
    assert_int_equal(net.made, 1);
    its_detectors_destroy(&d);
}

static void odd_sizes_are_rounded_up(void **state)
{
    int w, h;
    its_detectors_input_size(600, 1920, 1080, &w, &h);
    assert_int_equal(w, 608);
    assert_int_equal(h, 352);
    its_detectors_input_size(1920, 65536, 65536, &w, &h);
    assert_int_equal(w, 1920);
    assert_int_equal(h, 1920);
}

/* The name and the log tell what really runs. */
static void a_precision_that_is_not_there(void **state)
{
    struct its_detectors *d = detectors(ITS_PRECISION_AUTO);
    assert_string_equal(its_detectors_name(d), "a f32");
    its_detectors_destroy(&d);
    d = detectors(ITS_PRECISION_BF16);
    assert_string_equal(its_detectors_name(d), "a bf16");
    its_detectors_destroy(&d);
    assert_int_equal(logged.lines, 0);

    net.has = ITS_PRECISION_F32;
    d = detectors(ITS_PRECISION_BF16);
    assert_string_equal(its_detectors_name(d), "a f32");
    assert_int_equal(logged.lines, 1);
    assert_non_null(strstr(logged.last, "this processor has no bf16: the network runs in f32"));
    its_detectors_destroy(&d);
}

static void what_is_wrong_shows_at_once(void **state)
{
    struct its_detector_config config = {.kind = ITS_DETECTOR_NETWORK, .model = ""};
    struct its_detectors_settings set = its_detectors_settings_of(&config);
    struct its_detectors *d;
    struct its_error err = {0};
    assert_true(its_detector_config_is_network(&config));
    assert_int_equal(its_detectors_create(&set, &d, &err), ITS_ECONFIG);
    assert_null(d);
    assert_non_null(strstr(err.text, "--model FILE"));

    net.fails_to_open = true;
    set.model = "b.onnx";
    assert_int_equal(its_detectors_create(&set, &d, &err), ITS_EDAMAGED);
    assert_null(d);
    assert_string_equal(err.text, "b.onnx: damaged");
    its_detectors_destroy(&d);
}

static void when_a_network_is_asked_for(void **state)
{
    static const struct {
        enum its_detector_kind kind;
        const char *model;
        bool network;
    } cases[] = {
        {ITS_DETECTOR_AUTO, "", false},         {ITS_DETECTOR_AUTO, "a.onnx", true},
        {ITS_DETECTOR_MOTION, "a.onnx", false}, {ITS_DETECTOR_NETWORK, "a.onnx", true},
        {ITS_DETECTOR_NETWORK, "", true},
    };
    for (unsigned i = 0; i < ITS_ARRAY_LEN(cases); i++) {
        struct its_detector_config c = {.kind = cases[i].kind, .model = cases[i].model};
        assert_int_equal(its_detector_config_is_network(&c), cases[i].network);
    }
}

/* --- many at once */

enum { THREADS = 4, TURNS = 3000, SHAPES = 3 };

struct user {
    struct its_detectors *d;
    struct its_thread thread;
    int number, doubles, wrong;
};

static void take_turns(void *arg)
{
    struct user *u = arg;
    static const int shape[SHAPES][2] = {{16, 9}, {4, 3}, {9, 16}};
    for (int i = 0; i < TURNS; i++) {
        const int *s = shape[(i / (1 + u->number)) % SHAPES];
        struct its_net_detector *one;
        int w, h;
        its_detectors_input_size(640, s[0], s[1], &w, &h);
        if (its_detectors_take(u->d, s[0], s[1], &one, NULL) < 0) {
            u->wrong++;
            continue;
        }
        struct its_network *n = its_net_detector_network(one);
        u->doubles += n->holders++ != 0;
        u->wrong += n->set.width != w || n->set.height != h;
        n->input[0] += 1; /* a race, were it shared */
        sched_yield();
        n->holders--;
        its_detectors_give(u->d, one);
    }
}

static void nobody_shares_an_instance(void **state)
{
    struct its_detectors *d = detectors(ITS_PRECISION_AUTO);
    struct user user[THREADS];
    for (int i = 0; i < THREADS; i++) {
        user[i] = (struct user){.d = d, .number = i};
        assert_int_equal(its_thread_start(&user[i].thread, "user", 0, take_turns, &user[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        its_thread_join(&user[i].thread);
        assert_int_equal(user[i].doubles, 0);
        assert_int_equal(user[i].wrong, 0);
    }
    printf("%d instances for %d threads and %d shapes\n", net.made, THREADS, SHAPES);
    assert_in_range(net.made, SHAPES + 1, THREADS * SHAPES);
    its_detectors_destroy(&d);
}

/* More shapes than instances are kept: the longest unused goes, the one just used stays. */
static void old_shapes_make_room(void **state)
{
    enum { SIZE = 1920, SHAPES_HERE = 100, MOST = 64 };
    struct its_detectors *d = detectors_of(SIZE, ITS_PRECISION_AUTO);
    for (int i = 1; i <= SHAPES_HERE; i++) {
        int w = i <= 60 ? 32 * i : SIZE, h = i <= 60 ? SIZE : 32 * (i - 60);
        its_detectors_give(d, take(d, w, h));
        its_detectors_give(d, take(d, 16, 9));
    }
    printf("%d made, %d kept\n", net.made, net.alive);
    assert_int_equal(net.made, SHAPES_HERE); /* 16:9 is one of them */
    assert_int_equal(net.alive, MOST);
    its_detectors_give(d, take(d, SIZE, 1280)); /* the newest but one */
    assert_int_equal(net.made, SHAPES_HERE);
    its_detectors_give(d, take(d, 32, SIZE)); /* the oldest */
    assert_int_equal(net.made, SHAPES_HERE + 1);
    its_detectors_destroy(&d);
}

static void there_is_an_end(void **state)
{
    enum { MOST = 64 };
    struct its_detectors *d = detectors(ITS_PRECISION_AUTO);
    struct its_net_detector *all[MOST], *one;
    struct its_error err = {0};
    for (int i = 0; i < MOST; i++)
        all[i] = take(d, 8192, 1 + i % 2);
    assert_int_equal(its_detectors_take(d, 16, 9, &one, &err), -EBUSY);
    assert_null(one);
    assert_non_null(strstr(err.text, "64"));
    for (int i = 0; i < MOST; i++)
        its_detectors_give(d, all[i]);
    its_detectors_give(d, take(d, 16, 9)); /* room is made */
    its_detectors_destroy(&d);
}

/* --- a network that fails, seen from the analysis */

enum { W = 320, H = 180 };

static uint8_t luma[W * H];

static struct its_frame *make_frame(struct its_pool *pool, uint64_t index)
{
    struct its_frame *f = its_frame_take(pool);
    assert_non_null(f);
    f->pixels = ITS_PIXELS_GRAY;
    f->plane[0] = luma;
    f->stride[0] = W;
    f->coded_w = f->display_w = W;
    f->coded_h = f->display_h = H;
    f->index = index;
    f->time_us = (int64_t)index * 40000;
    f->analyse = true;
    return f;
}

static void count_analysed(void *ctx, struct its_result *r)
{
    *(int *)ctx += r->analysed;
}

/* One line when it begins to fail and one when it does again; the frames in between count as
 * failed, and those that could be looked at go on as before. */
static void a_failing_network_is_told_once(void **state)
{
    struct its_detectors *d = detectors(ITS_PRECISION_AUTO);
    struct its_bus bus = {0};
    struct its_analysis_settings set;
    struct its_analysis *analysis;
    int analysed = 0;
    its_bus_add(&bus, count_analysed, &analysed);
    its_analysis_defaults(&set);
    its_analysis_use(&set, d);
    set.camera = "north";
    set.first_track = 1;
    set.blind_us = 0;
    assert_int_equal(its_analysis_create(&set, &bus, &analysis), 0);
    struct its_pool *frames = its_frame_pool_create();

    static const int code[] = {0, 0, ITS_EUNSUPPORTED, ITS_EUNSUPPORTED, -ENOMEM, 0, -ENOMEM};
    static const int failed[] = {0, 0, 1, 2, 3, 3, 4}, lines[] = {0, 0, 1, 1, 1, 1, 2};
    for (unsigned i = 0; i < ITS_ARRAY_LEN(code); i++) {
        net.fails_to_run = code[i];
        its_analysis_frame(analysis, make_frame(frames, i));
        assert_int_equal(its_analysis_stats(analysis)->failed, failed[i]);
        assert_int_equal(logged.lines, lines[i]);
        assert_int_equal(analysed, (int)i + 1 - failed[i]);
    }
    printf("%s\n", logged.last);
    assert_non_null(strstr(logged.last, "error north: the network does not run: "));
    assert_non_null(strstr(logged.last, its_strerror(-ENOMEM)));
    assert_int_equal(its_analysis_stats(analysis)->frames, ITS_ARRAY_LEN(code));
    its_pool_close(&frames);
    its_analysis_destroy(&analysis);
    its_detectors_destroy(&d); /* all were given back */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_input_has_the_picture_s_shape),
        TEST(a_model_of_one_size_keeps_it),
        TEST(odd_sizes_are_rounded_up),
        TEST(a_precision_that_is_not_there),
        TEST(what_is_wrong_shows_at_once),
        TEST(when_a_network_is_asked_for),
        TEST(nobody_shares_an_instance),
        TEST(old_shapes_make_room),
        TEST(there_is_an_end),
        TEST(a_failing_network_is_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
