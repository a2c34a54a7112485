#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scene.h"

enum { W = 480, H = 270 };

static struct its_scene_settings small(enum its_scene_kind kind, uint64_t seed)
{
    struct its_scene_settings s;
    its_scene_settings_default(&s);
    s.kind = kind;
    s.seed = seed;
    s.width = W;
    s.height = H;
    return s;
}

static struct its_scene *scene_of(const struct its_scene_settings *s)
{
    struct its_scene *scene = NULL;
    struct its_error err = {0};
    if (its_scene_create(s, &scene, &err) < 0)
        fail_msg("%s", err.text);
    return scene;
}

/* FNV-1a */
static uint64_t hash_bytes(uint64_t h, const void *data, size_t n)
{
    const uint8_t *p = data;
    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * 0x100000001b3u;
    return h;
}

static uint64_t hash_picture(uint64_t h, const struct its_i420 *p)
{
    for (int i = 0; i < 3; i++)
        for (int y = 0; y < (i ? p->h / 2 : p->h); y++)
            h = hash_bytes(h, p->plane[i] + (ptrdiff_t)y * p->stride[i],
                           (size_t)(i ? p->w / 2 : p->w));
    return h;
}

/* Field by field: what lies between them is anybody's. */
static uint64_t hash_truth(uint64_t h, const struct its_scene_truth *t)
{
    char text[256];
    for (int i = 0; i < t->users; i++) {
        const struct its_scene_user *u = &t->user[i];
        int n = snprintf(text, sizeof(text), "%u %d %a %a %a %a %a %a %a %a %a %a", u->id, u->cls,
                         u->box.x, u->box.y, u->box.w, u->box.h, u->visible, u->truncated, u->x_m,
                         u->y_m, u->heading_rad, u->speed_mps);
        h = hash_bytes(h, text, (size_t)n);
    }
    for (int i = 0; i < t->crossings; i++) {
        const struct its_scene_crossing *c = &t->crossing[i];
        int n = snprintf(text, sizeof(text), "%d %u %d %lld %a %a", c->line, c->user, c->direction,
                         (long long)c->time_us, c->at.x, c->at.y);
        h = hash_bytes(h, text, (size_t)n);
    }
    return h;
}

struct hashes {
    uint64_t picture, truth;
};

static struct hashes film(const struct its_scene_settings *s)
{
    struct hashes h = {1, 1};
    struct its_scene *scene = scene_of(s);
    struct its_i420 p = {0};
    assert_int_equal(its_i420_init(&p, s->width, s->height), 0);
    for (int i = 0; i <= 100; i++) {
        const struct its_scene_truth *t = its_scene_next(scene);
        h.truth = hash_truth(h.truth, t);
        if (i % 50)
            continue;
        its_scene_draw(scene, &p);
        h.picture = hash_picture(h.picture, &p);
        its_scene_draw(scene, &p); /* asking twice changes nothing */
        h.picture = hash_picture(h.picture, &p);
    }
    its_i420_fini(&p);
    its_scene_destroy(&scene);
    return h;
}

static void same_seed_same_bytes(void **state)
{
    for (int kind = 0; kind < ITS_SCENE_COUNT; kind++) {
        struct its_scene_settings s = small((enum its_scene_kind)kind, 7);
        s.sway_px = 1.5;
        struct hashes a = film(&s), b = film(&s);
        assert_true(a.picture == b.picture);
        assert_true(a.truth == b.truth);
        s.seed = 8;
        struct hashes c = film(&s);
        assert_true(a.picture != c.picture && a.truth != c.truth);
    }
}

/* Each weather its own picture of one and the same traffic, and none too dark to see. */
static void weather_changes_the_picture_only(void **state)
{
    for (int kind = 0; kind < ITS_SCENE_COUNT; kind++) {
        struct hashes h[ITS_WEATHER_COUNT];
        for (int w = 0; w < ITS_WEATHER_COUNT; w++) {
            struct its_scene_settings s = small((enum its_scene_kind)kind, 7);
            s.weather = (enum its_weather)w;
            h[w] = film(&s);
            for (int other = 0; other < w; other++) {
                assert_true(h[w].truth == h[other].truth);
                assert_true(h[w].picture != h[other].picture);
            }
        }
    }
}

/* --- pictures against boxes */

static const struct its_scene_user *user_of(const struct its_scene_truth *t, uint32_t id)
{
    for (int i = 0; i < t->users; i++)
        if (t->user[i].id == id)
            return &t->user[i];
    return NULL;
}

struct difference {
    int outside_lighter; /* pixels outside the box that the user made lighter: no shadow does */
    int inside;
};

static struct difference compare(const uint32_t *with, const uint32_t *without, struct its_box box)
{
    struct difference d = {0};
    for (int i = 0; i < W * H; i++) {
        float x = (float)(i % W), y = (float)(i / W);
        bool in = x >= box.x - 2 && y >= box.y - 2 && x + 1 <= box.x + box.w + 2 &&
                  y + 1 <= box.y + box.h + 2;
        bool lighter = false;
        for (int shift = 0; shift < 24; shift += 8)
            lighter |= (with[i] >> shift & 255) > (without[i] >> shift & 255) + 2;
        d.outside_lighter += lighter && !in;
        d.inside += in && (with[i] & 0xffffff) != (without[i] & 0xffffff);
    }
    return d;
}

static void snapshot(struct its_scene *scene, uint32_t *to)
{
    struct its_canvas *c = its_scene_canvas(scene);
    int stride;
    const uint32_t *p = its_canvas_pixels(c, &stride);
    for (int y = 0; y < H; y++)
        memcpy(to + (size_t)y * W, p + (ptrdiff_t)y * stride, W * sizeof(*to));
}

static void boxes_hold_what_is_drawn(void **state)
{
    static uint32_t with[W * H], without[W * H];
    for (int kind = 0; kind < ITS_SCENE_COUNT; kind++) {
        struct its_scene_settings s = small((enum its_scene_kind)kind, 5);
        s.sway_px = 8;
        struct its_scene *scene = scene_of(&s);
        int checked = 0;
        for (int frame = 0; frame < 60; frame++) {
            const struct its_scene_truth *t = its_scene_next(scene);
            if (frame % 20)
                continue;
            snapshot(scene, with);
            for (int i = 0; i < t->users; i++) {
                const struct its_scene_user *u = &t->user[i];
                if (u->box.w < 6 || u->visible < .3f)
                    continue;
                its_scene_hide(scene, u->id);
                snapshot(scene, without);
                its_scene_hide(scene, 0);
                struct difference d = compare(with, without, u->box);
                if (d.outside_lighter || d.inside < its_box_area(u->box) * u->visible * .3f)
                    fail_msg("scene %d frame %d user %u: %d px outside, %d inside its box "
                             "%.1f,%.1f %.1fx%.1f, visible %.2f",
                             kind, frame, u->id, d.outside_lighter, d.inside, u->box.x, u->box.y,
                             u->box.w, u->box.h, u->visible);
                checked++;
            }
        }
        printf("%s: %d users compared\n", its_scene_kind_name((enum its_scene_kind)kind), checked);
        assert_true(checked > 8);
        its_scene_destroy(&scene);
    }
}

static void truth_is_sane(void **state)
{
    for (int kind = 0; kind < ITS_SCENE_COUNT; kind++) {
        struct its_scene_settings s = small((enum its_scene_kind)kind, 11);
        s.density = 1;
        struct its_scene *scene = scene_of(&s);
        for (uint64_t frame = 0; frame < 200; frame++) {
            const struct its_scene_truth *t = its_scene_next(scene);
            assert_true(t->frame == frame);
            assert_int_equal(t->time_us, (int64_t)(frame * 1000000 / 15));
            for (int i = 0; i < t->users; i++) {
                const struct its_scene_user *u = &t->user[i];
                assert_true(u->box.x >= 0 && u->box.y >= 0 && u->box.w >= 1 && u->box.h >= 1);
                assert_true(u->box.x + u->box.w <= W + .01f && u->box.y + u->box.h <= H + .01f);
                assert_true(u->visible >= 0 && u->visible <= 1);
                assert_true(u->truncated >= 0 && u->truncated < 1);
                assert_true(u->speed_mps >= 0 && u->speed_mps < 40);
                assert_ptr_equal(user_of(t, u->id), u);
            }
        }
        its_scene_destroy(&scene);
    }
}

/* --- crossings, told again from the boxes alone */

static double left_of(const struct its_scene_line *l, struct its_point p)
{
    double dx = l->b.x - l->a.x, dy = l->b.y - l->a.y;
    return dy * ((double)p.x - l->a.x) - dx * ((double)p.y - l->a.y); /* > 0: left on the screen */
}

enum { IDS = 4096 };

static void check_crossing(const struct its_scene_truth *t, const struct its_scene_line *line,
                           const struct its_scene_crossing *c, const struct its_point *before,
                           double fps)
{
    const struct its_scene_user *u = user_of(t, c->user);
    assert_non_null(u);
    assert_true(c->frame == t->frame && c->cls == u->cls);
    double was = left_of(&line[c->line], before[c->user % IDS]);
    double is = left_of(&line[c->line], its_box_bottom_centre(u->box));
    if (c->direction > 0 ? !(was <= 0 && is > 0) : !(was > 0 && is <= 0))
        fail_msg("user %u, direction %d: side %.2f, then %.2f", c->user, c->direction, was, is);
    assert_true(c->time_us <= t->time_us + 1 && c->time_us >= t->time_us - 1e6 / fps - 1);
    double len =
        hypot(line[c->line].b.x - line[c->line].a.x, line[c->line].b.y - line[c->line].a.y);
    assert_true(fabs(left_of(&line[c->line], c->at)) / len < .01);
}

/* A swaying picture carries who waits at a line over it again and again: told once. */
static void check_crossings(enum its_scene_kind kind, double sway_px)
{
    struct its_scene_settings s = small(kind, 2);
    s.sway_px = sway_px;
    struct its_scene *scene = scene_of(&s);
    static struct its_point before[IDS];
    static uint8_t crossed[IDS];
    memset(before, 0, sizeof(before));
    memset(crossed, 0, sizeof(crossed));
    int lines, told = 0, seen = 0;
    const struct its_scene_line *line = its_scene_lines(scene, &lines);
    assert_true(lines >= 2);
    for (int frame = 0; frame < 900; frame++) {
        const struct its_scene_truth *t = its_scene_next(scene);
        for (int i = 0; i < t->crossings; i++) {
            const struct its_scene_crossing *c = &t->crossing[i];
            check_crossing(t, line, c, before, s.fps);
            assert_false(crossed[c->user % IDS] >> c->line & 1);
            crossed[c->user % IDS] |= (uint8_t)(1 << c->line);
            told++;
        }
        for (int i = 0; i < t->users; i++) {
            struct its_point p = its_box_bottom_centre(t->user[i].box);
            struct its_point *was = &before[t->user[i].id % IDS];
            for (int k = 0; k < lines; k++) {
                bool between = p.x > line[k].a.x + 1 && p.x < line[k].b.x - 1;
                seen += was->x != 0 && between && line[k].a.x < line[k].b.x &&
                        (left_of(&line[k], *was) > 0) != (left_of(&line[k], p) > 0);
            }
            *was = p;
        }
    }
    printf("%s, sway %g: %d crossings told, %d seen\n", its_scene_kind_name(kind), sway_px, told,
           seen);
    assert_true(told > 20);
    assert_true(sway_px > 0 || seen <= told);
    its_scene_destroy(&scene);
}

static void crossings_agree_with_boxes(void **state)
{
    for (int kind = 0; kind < ITS_SCENE_COUNT; kind++) {
        check_crossings((enum its_scene_kind)kind, 0);
        check_crossings((enum its_scene_kind)kind, 8);
    }
}

/* On the highway everybody keeps to his side, and nobody slips past a line uncounted. */
static void highway_directions(void **state)
{
    struct its_scene_settings s = small(ITS_SCENE_HIGHWAY, 4);
    struct its_scene *scene = scene_of(&s);
    int lines, crossings = 0, passed = 0;
    const struct its_scene_line *line = its_scene_lines(scene, &lines);
    assert_string_equal(line[0].name, "inbound");
    assert_string_equal(line[1].name, "outbound");
    static double ahead[IDS];
    memset(ahead, 0, sizeof(ahead));
    for (int frame = 0; frame < 900; frame++) {
        const struct its_scene_truth *t = its_scene_next(scene);
        for (int i = 0; i < t->crossings; i++)
            assert_int_equal(t->crossing[i].direction, t->crossing[i].line ? 1 : -1);
        crossings += t->crossings;
        for (int i = 0; i < t->users; i++) { /* well before the line to well behind it */
            double *was = &ahead[t->user[i].id % IDS], y = t->user[i].y_m;
            if (*was != 0 && (*was < 29) != (y < 29))
                passed++;
            *was = y;
        }
    }
    printf("%d crossings, %d passed\n", crossings, passed);
    assert_in_range(passed, crossings - 6, crossings + 6); /* those just at the line at both ends */
    its_scene_destroy(&scene);
}

/* A vehicle that stops stays where it is, in the picture, for a good while; nobody else is marked.
 */
static void somebody_stops(void **state)
{
    for (int kind = 0; kind < ITS_SCENE_COUNT; kind++) {
        struct its_scene_settings s = small((enum its_scene_kind)kind, 5);
        s.event = ITS_SCENE_EVENT_STOPPED;
        struct its_scene *scene = scene_of(&s);
        uint32_t who = 0;
        int frames = 0;
        double x = 0, y = 0;
        for (int frame = 0; frame < 1200; frame++) {
            const struct its_scene_truth *t = its_scene_next(scene);
            for (int i = 0; i < t->users; i++) {
                const struct its_scene_user *u = &t->user[i];
                if (u->event == ITS_SCENE_EVENT_NONE)
                    continue;
                assert_int_equal(u->event, ITS_SCENE_EVENT_STOPPED);
                if (!who) {
                    who = u->id;
                    x = u->x_m;
                    y = u->y_m;
                }
                assert_int_equal(u->id, who);
                assert_true(u->speed_mps < .5 && hypot(u->x_m - x, u->y_m - y) < .5);
                frames++;
            }
        }
        printf("%s: user %u stands for %.1f s\n", its_scene_kind_name(s.kind), who, frames / 15.0);
        assert_true(frames > 28 * 15);
        its_scene_destroy(&scene);
    }
}

/* He comes towards the camera where all others drive away from it. */
static void somebody_comes_the_wrong_way(void **state)
{
    for (int kind = 0; kind < ITS_SCENE_COUNT; kind++) {
        struct its_scene_settings s = small((enum its_scene_kind)kind, 5);
        s.event = ITS_SCENE_EVENT_WRONG_WAY;
        struct its_scene *scene = scene_of(&s);
        int frames = 0, crossings = 0;
        for (int frame = 0; frame < 900; frame++) {
            const struct its_scene_truth *t = its_scene_next(scene);
            for (int i = 0; i < t->users; i++) {
                const struct its_scene_user *u = &t->user[i];
                if (u->event == ITS_SCENE_EVENT_NONE)
                    continue;
                assert_int_equal(u->event, ITS_SCENE_EVENT_WRONG_WAY);
                assert_true(u->x_m > 0 && cos(u->heading_rad) < 0);
                frames++;
            }
            for (int i = 0; i < t->crossings; i++) {
                const struct its_scene_user *u = user_of(t, t->crossing[i].user);
                if (u->event == ITS_SCENE_EVENT_WRONG_WAY) {
                    assert_int_equal(t->crossing[i].direction, -1);
                    crossings++;
                }
            }
        }
        printf("%s: seen in %d frames, %d crossings\n", its_scene_kind_name(s.kind), frames,
               crossings);
        assert_true(frames > 60 && crossings > 0);
        its_scene_destroy(&scene);
    }
}

static void plans_the_same_lines(void **state)
{
    struct its_scene_settings s = small(ITS_SCENE_HIGHWAY, 1);
    struct its_scene_line planned[ITS_SCENE_LINES_MAX];
    int n = its_scene_plan_lines(&s, planned), lines;
    struct its_scene *scene = scene_of(&s);
    const struct its_scene_line *line = its_scene_lines(scene, &lines);
    assert_int_equal(n, lines);
    for (int i = 0; i < n; i++) {
        assert_string_equal(planned[i].name, line[i].name);
        assert_memory_equal(&planned[i].a, &line[i].a, sizeof(line[i].a));
        assert_memory_equal(&planned[i].b, &line[i].b, sizeof(line[i].b));
        assert_in_range(line[i].a.x, 0, W);
        assert_in_range(line[i].b.y, 0, H);
    }
    its_scene_destroy(&scene);
}

static void refuses_settings(void **state)
{
    struct its_scene_settings bad[8];
    for (size_t i = 0; i < ITS_ARRAY_LEN(bad); i++)
        bad[i] = small(ITS_SCENE_HIGHWAY, 1);
    bad[0].density = 1.5;
    bad[1].width = 481;
    bad[2].height = 20000;
    bad[3].fps = 0;
    bad[4].sway_px = NAN;
    bad[5].noise = -1;
    bad[6].kind = ITS_SCENE_COUNT;
    bad[7].weather = ITS_WEATHER_COUNT;
    for (size_t i = 0; i < ITS_ARRAY_LEN(bad); i++) {
        struct its_scene *scene = NULL;
        struct its_error err = {0};
        assert_int_equal(its_scene_create(&bad[i], &scene, &err), -EINVAL);
        assert_true(err.text[0] != '\0');
        assert_null(scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_seed_same_bytes),
        cmocka_unit_test(weather_changes_the_picture_only),
        cmocka_unit_test(boxes_hold_what_is_drawn),
        cmocka_unit_test(truth_is_sane),
        cmocka_unit_test(crossings_agree_with_boxes),
        cmocka_unit_test(highway_directions),
        cmocka_unit_test(plans_the_same_lines),
        cmocka_unit_test(somebody_stops),
        cmocka_unit_test(somebody_comes_the_wrong_way),
        cmocka_unit_test(refuses_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
