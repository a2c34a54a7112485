/* What pictures say about themselves: streets by day and night, simulated and covered ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/err.h"
#include "frame/picture.h"
#include "sim/scene.h"

enum { W = 1280, H = 720, TILES_SOME = 3 };

/* A grey picture that tests paint on. */
struct canvas {
    int w, h;
    uint8_t *px;
    struct its_frame frame;
    uint32_t rng;
};

static struct canvas canvas_of(int w, int h)
{
    struct canvas c = {.w = w, .h = h, .px = calloc((size_t)w, (size_t)h), .rng = 1};
    c.frame = (struct its_frame){.pixels = ITS_PIXELS_GRAY, .coded_w = w, .coded_h = h};
    c.frame.plane[0] = c.px;
    c.frame.stride[0] = w;
    return c;
}

static float gaussian(struct canvas *c)
{
    float sum = 0;
    for (int i = 0; i < 12; i++) {
        c->rng = c->rng * 1664525 + 1013904223;
        sum += (float)(c->rng >> 8) / (float)(1 << 24);
    }
    return sum - 6;
}

/* What a lens with a lid on it sends: darkness that fades from left to right by `fall`, and the
 * sensor's noise at full gain. */
static void cover(struct canvas *c, float luma, float fall, float noise)
{
    for (int y = 0; y < c->h; y++)
        for (int x = 0; x < c->w; x++) {
            float v = luma - fall * (float)x / (float)c->w + noise * gaussian(c);
            c->px[y * c->w + x] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
        }
}

/* Date and name as cameras write them: a row of dashes close to the upper edge. */
static void caption(struct canvas *c)
{
    for (int y = c->h / 40; y < c->h / 40 + c->h / 24; y++)
        for (int x = c->w / 40; x < c->w / 2; x++)
            c->px[y * c->w + x] = x / (c->w / 80) % 2 ? 235 : 16;
}

static struct its_picture_measure measure(struct its_picture *p, const struct canvas *c)
{
    struct its_picture_measure m;
    assert_int_equal(its_picture_measure(p, &c->frame, &m), 0);
    return m;
}

static void brightness_and_contrast(void **state)
{
    struct canvas c = canvas_of(320, 240);
    struct its_picture p = {0};
    memset(c.px, 77, 320 * 240);
    struct its_picture_measure m = measure(&p, &c);
    assert_float_equal(m.brightness, 77, 0.01);
    assert_float_equal(m.contrast, 0, 0.01);
    for (int y = 0; y < 240; y++)
        memset(c.px + y * 320 + 160, 177, 160);
    m = measure(&p, &c);
    assert_float_equal(m.brightness, 127, 0.01);
    assert_float_equal(m.contrast, 50, 0.01);
    its_picture_fini(&p);
    free(c.px);
}

/* One level in one pixel of a sampled row is a change, and only once. */
static void the_smallest_change_is_seen(void **state)
{
    struct canvas c = canvas_of(W, H);
    struct its_picture p = {0};
    cover(&c, 100, 0, 3);
    assert_true(measure(&p, &c).changed);
    assert_false(measure(&p, &c).changed);
    c.px[5 * W + W - 1] ^= 1;
    assert_true(measure(&p, &c).changed);
    assert_false(measure(&p, &c).changed);
    its_picture_fini(&p);
    free(c.px);
}

/* Whatever is as high as ten pixels of a 720p picture is met by a sampled row. */
static void something_small_that_moves_is_seen(void **state)
{
    static const int size[][2] = {{1280, 720}, {1920, 1080}, {640, 360}, {352, 288}, {64, 48}};
    for (unsigned i = 0; i < 5; i++) {
        int w = size[i][0], h = size[i][1], side = h >= 640 ? 10 : h / 64 ? h / 64 : 1;
        struct canvas c = canvas_of(w, h);
        struct its_picture p = {0};
        measure(&p, &c);
        for (int y = 0; y + side <= h / side * side; y++) {
            c.px[(y ? y - 1 : 0) * w + w / 2] = 0;
            for (int j = 0; j < side; j++)
                c.px[(y + j) * w + w / 2] = (uint8_t)(50 + y % 100);
            if (!measure(&p, &c).changed)
                fail_msg("%dx%d: nothing new at row %d", w, h, y);
        }
        its_picture_fini(&p);
        free(c.px);
    }
}

static void covered_pictures_have_no_edges(void **state)
{
    static const float luma[] = {16, 40, 120, 235};
    struct canvas c = canvas_of(W, H);
    struct its_picture p = {0};
    for (int i = 0; i < 4; i++)
        for (float noise = 0; noise <= 5; noise += 2.5f)
            for (int text = 0; text < 2; text++) {
                cover(&c, luma[i], luma[i] * 0.6f, noise);
                if (text)
                    caption(&c);
                struct its_picture_measure m = measure(&p, &c);
                if (m.tiles > 0)
                    fail_msg("luma %g noise %g text %d: %d tiles", (double)luma[i], (double)noise,
                             text, m.tiles);
            }
    its_picture_fini(&p);
    free(c.px);
}

/* The simulated streets, in every weather there is, also with the noise of bad light. */
static void streets_have(void **state)
{
    for (int kind = 0; kind < ITS_SCENE_COUNT; kind++)
        for (int weather = 0; weather < ITS_WEATHER_COUNT; weather++) {
            struct its_scene_settings set = ITS_SCENE_DEFAULTS;
            struct its_scene *scene;
            struct its_error err;
            struct canvas c = canvas_of(640, 360);
            struct its_picture p = {0};
            set.kind = (enum its_scene_kind)kind;
            set.weather = (enum its_weather)weather;
            set.density = 0; /* the emptiest */
            set.width = c.w;
            set.height = c.h;
            assert_int_equal(its_scene_create(&set, &scene, &err), 0);
            uint8_t *chroma = malloc((size_t)(c.w * c.h / 2));
            struct its_i420 to = {.w = c.w, .h = c.h};
            to.plane[0] = c.px;
            to.plane[1] = chroma;
            to.plane[2] = chroma + c.w * c.h / 4;
            to.stride[0] = c.w;
            to.stride[1] = to.stride[2] = c.w / 2;
            its_scene_next(scene);
            its_scene_draw(scene, &to);
            struct its_picture_measure m = measure(&p, &c);
            print_message("%s, %s: brightness %.0f, contrast %.0f, %d of %d tiles\n",
                          its_scene_kind_name(set.kind), its_weather_name(set.weather),
                          (double)m.brightness, (double)m.contrast, m.tiles,
                          ITS_PICTURE_INNER_TILES);
            assert_true(m.tiles >= 2 * TILES_SOME);
            its_picture_fini(&p);
            its_scene_destroy(&scene);
            free(chroma);
            free(c.px);
        }
}

/* Pictures change their size, and some are odd. */
static void every_size_will_do(void **state)
{
    static const int size[][2] = {{1280, 720}, {1, 1}, {7, 3}, {1568, 778}, {8, 4096}, {4096, 8}};
    struct its_picture p = {0};
    for (unsigned i = 0; i < 6; i++) {
        struct canvas c = canvas_of(size[i][0], size[i][1]);
        assert_true(measure(&p, &c).changed);
        assert_false(measure(&p, &c).changed);
        free(c.px);
    }
    struct its_frame nothing = {0};
    struct its_picture_measure m;
    assert_int_equal(its_picture_measure(&p, &nothing, &m), -EINVAL);
    its_picture_fini(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(brightness_and_contrast),
        cmocka_unit_test(the_smallest_change_is_seen),
        cmocka_unit_test(something_small_that_moves_is_seen),
        cmocka_unit_test(covered_pictures_have_no_edges),
        cmocka_unit_test(streets_have),
        cmocka_unit_test(every_size_will_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
