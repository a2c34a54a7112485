#include "app/truth_json.h"

#include <stdio.h>
#include <string.h>

static void number_field(struct its_json *j, const char *key, double v, int decimals)
{
    its_json_key(j, key);
    its_json_number(j, v, decimals);
}

static void int_field(struct its_json *j, const char *key, int64_t v)
{
    its_json_key(j, key);
    its_json_int(j, v);
}

static void string_field(struct its_json *j, const char *key, const char *v)
{
    its_json_key(j, key);
    its_json_string(j, v);
}

static void point(struct its_json *j, struct its_point p)
{
    its_json_array(j);
    its_json_number(j, p.x, 2);
    its_json_number(j, p.y, 2);
    its_json_array_end(j);
}

static void lines_field(struct its_json *j, const struct its_scene *s)
{
    int n;
    const struct its_scene_line *line = its_scene_lines(s, &n);
    its_json_key(j, "lines");
    its_json_array(j);
    for (int i = 0; i < n; i++) {
        its_json_object(j);
        string_field(j, "name", line[i].name);
        its_json_key(j, "points");
        its_json_array(j);
        point(j, line[i].a);
        point(j, line[i].b);
        its_json_array_end(j);
        its_json_object_end(j);
    }
    its_json_array_end(j);
}

static void homography_field(struct its_json *j, const struct its_scene *s)
{
    double h[9];
    its_scene_homography(s, h);
    its_json_key(j, "homography");
    its_json_array(j);
    for (int row = 0; row < 3; row++) {
        its_json_array(j);
        for (int column = 0; column < 3; column++)
            its_json_number(j, h[row * 3 + column], 9);
        its_json_array_end(j);
    }
    its_json_array_end(j);
}

void its_truth_header_json(struct its_str *out, const struct its_scene *s)
{
    const struct its_scene_settings *set = its_scene_settings(s);
    struct its_json j = its_line_json_begin(out, "header");
    string_field(&j, "scene", its_scene_kind_name(set->kind));
    int_field(&j, "version", ITS_SCENE_VERSION);
    string_field(&j, "weather", its_weather_name(set->weather));
    string_field(&j, "event", its_scene_event_name(set->event));
    int_field(&j, "seed", set->seed);
    number_field(&j, "density", set->density, 3);
    int_field(&j, "width", set->width);
    int_field(&j, "height", set->height);
    int_field(&j, "fps", set->fps);
    number_field(&j, "sway_px", set->sway_px, 2);
    number_field(&j, "noise", set->noise, 2);
    lines_field(&j, s);
    homography_field(&j, s);
    its_line_json_end(&j);
}

static enum its_class class_of(enum its_road_user user)
{
    int cls = its_class_from_name(its_road_user_name(user));
    its_assert(cls >= 0);
    return (enum its_class)cls;
}

static void object(struct its_json *j, const struct its_scene_user *u)
{
    struct its_track track = {
        .id = u->id,
        .cls = class_of(u->cls),
        .score = 1,
        .confirmed = true,
    };
    its_json_object(j);
    its_track_json_fields(j, &track, u->box);
    number_field(j, "x_m", u->x_m, 3);
    number_field(j, "y_m", u->y_m, 3);
    number_field(j, "heading_rad", u->heading_rad, 4);
    number_field(j, "speed_kmh", u->speed_mps * 3.6, 2);
    number_field(j, "occlusion", 1 - (double)u->visible, 3);
    number_field(j, "truncation", u->truncated, 3);
    if (u->event != ITS_SCENE_EVENT_NONE)
        string_field(j, "event", its_scene_event_name(u->event));
    its_json_object_end(j);
}

static struct its_crossing crossing_of(const struct its_scene *s,
                                       const struct its_scene_crossing *from)
{
    int n;
    const struct its_scene_line *line = its_scene_lines(s, &n);
    struct its_crossing c = {
        .direction = from->direction > 0 ? ITS_FORWARD : ITS_BACKWARD,
        .cls = class_of(from->cls),
        .track = from->user,
        .frame = from->frame,
        .time_us = from->time_us,
        .score = 1,
        .at = from->at,
    };
    snprintf(c.line, sizeof(c.line), "%s", line[from->line].name);
    return c;
}

void its_truth_frame_json(struct its_str *out, const struct its_scene *s,
                          const struct its_scene_truth *t, struct its_tally *tally)
{
    for (int i = 0; i < t->crossings; i++) {
        struct its_crossing c = crossing_of(s, &t->crossing[i]);
        its_tally_add(tally, &c);
        its_crossing_json(out, &c);
    }
    struct its_json j = its_frame_json_begin(out, t->frame, t->time_us);
    for (int i = 0; i < t->users; i++)
        object(&j, &t->user[i]);
    its_frame_json_end(&j);
}

void its_truth_summary_json(struct its_str *out, uint64_t frames, const struct its_tally *tally)
{
    struct its_json j = its_line_json_begin(out, "summary");
    int_field(&j, "frames", (int64_t)frames);
    its_json_key(&j, "lines");
    its_tally_json(&j, tally);
    its_line_json_end(&j);
}

void its_truth_tally_init(struct its_tally *tally, const struct its_scene *s)
{
    struct its_line line[ITS_SCENE_LINES_MAX] = {0};
    int n;
    const struct its_scene_line *from = its_scene_lines(s, &n);
    for (int i = 0; i < n; i++)
        snprintf(line[i].name, sizeof(line[i].name), "%s", from[i].name);
    its_tally_init(tally, line, n);
}
