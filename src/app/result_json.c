#include "app/result_json.h"

#include <string.h>

#include "base/attr.h"
#include "base/json.h"

/* Boxes are written with one decimal: what is smaller has left the picture. */
#define BOX_SIDE_MIN_PX 0.1f

struct its_json its_line_json_begin(struct its_str *out, const char *type)
{
    struct its_json j = its_json_on(out);
    its_json_object(&j);
    its_json_key(&j, "v");
    its_json_int(&j, 1);
    its_json_key(&j, "type");
    its_json_string(&j, type);
    return j;
}

void its_line_json_end(struct its_json *j)
{
    its_json_object_end(j);
    its_str_putc(j->out, '\n');
}

static void int_field(struct its_json *j, const char *key, int64_t v)
{
    its_json_key(j, key);
    its_json_int(j, v);
}

static void number_field(struct its_json *j, const char *key, double v, int decimals)
{
    its_json_key(j, key);
    its_json_number(j, v, decimals);
}

static void string_field(struct its_json *j, const char *key, const char *v)
{
    its_json_key(j, key);
    its_json_string(j, v);
}

void its_crossing_json(struct its_str *out, const struct its_crossing *c)
{
    struct its_json j = its_line_json_begin(out, "crossing");
    string_field(&j, "line", c->line);
    string_field(&j, "direction", its_direction_name(c->direction));
    string_field(&j, "class", its_class_name(c->cls));
    int_field(&j, "track", (int64_t)c->track);
    int_field(&j, "frame", (int64_t)c->frame);
    number_field(&j, "time_s", (double)c->time_us * 1e-6, 3);
    number_field(&j, "score", c->score, 3);
    its_line_json_end(&j);
}

void its_view_json(struct its_str *out, const struct its_result *r)
{
    struct its_json j = its_line_json_begin(out, "view");
    bool valid = r->sight == ITS_SIGHT_CLEAR;
    its_json_key(&j, "valid");
    its_json_bool(&j, valid);
    if (!valid)
        string_field(&j, "reason", its_sight_name(r->sight));
    int_field(&j, "frame", (int64_t)r->frame);
    number_field(&j, "time_s", (double)r->time_us * 1e-6, 3);
    its_line_json_end(&j);
}

static void box_field(struct its_json *j, struct its_box box)
{
    its_json_key(j, "box");
    its_json_array(j);
    its_json_number(j, box.x, 1);
    its_json_number(j, box.y, 1);
    its_json_number(j, box.w, 1);
    its_json_number(j, box.h, 1);
    its_json_array_end(j);
}

/* What of a track's box lies in the picture: a prediction may run past the edge. */
static struct its_box cut_box(struct its_box b, const struct its_result *r)
{
    float left = ITS_MAX(b.x, 0.f), right = ITS_MIN(b.x + b.w, (float)r->display_w);
    float top = ITS_MAX(b.y, 0.f), bottom = ITS_MIN(b.y + b.h, (float)r->display_h);
    return (struct its_box){left, top, right - left, bottom - top};
}

void its_track_json_fields(struct its_json *j, const struct its_track *t, struct its_box box)
{
    int_field(j, "track", (int64_t)t->id);
    string_field(j, "class", its_class_name(t->cls));
    number_field(j, "score", t->score, 3);
    box_field(j, box);
    its_json_key(j, "confirmed");
    its_json_bool(j, t->confirmed);
    its_json_key(j, "predicted");
    its_json_bool(j, t->predicted);
}

struct its_json its_frame_json_begin(struct its_str *out, uint64_t frame, int64_t time_us)
{
    struct its_json j = its_line_json_begin(out, "frame");
    int_field(&j, "frame", (int64_t)frame);
    number_field(&j, "time_s", (double)time_us * 1e-6, 3);
    its_json_key(&j, "objects");
    its_json_array(&j);
    return j;
}

void its_frame_json_end(struct its_json *j)
{
    its_json_array_end(j);
    its_line_json_end(j);
}

void its_frame_json(struct its_str *out, const struct its_result *r)
{
    struct its_json j = its_frame_json_begin(out, r->frame, r->time_us);
    for (int i = 0; i < r->tracks.count; i++) {
        struct its_box box = cut_box(r->tracks.item[i].box, r);
        if (box.w < BOX_SIDE_MIN_PX || box.h < BOX_SIDE_MIN_PX)
            continue;
        its_json_object(&j);
        its_track_json_fields(&j, &r->tracks.item[i], box);
        its_json_object_end(&j);
    }
    its_frame_json_end(&j);
}

/* --- counts */

void its_tally_init(struct its_tally *t, const struct its_line *lines, int line_count)
{
    memset(t, 0, sizeof(*t));
    t->line_count = line_count;
    for (int i = 0; i < line_count; i++)
        memcpy(t->name[i], lines[i].name, sizeof(t->name[i]));
}

void its_tally_add(struct its_tally *t, const struct its_crossing *c)
{
    for (int i = 0; i < t->line_count; i++) {
        if (strcmp(t->name[i], c->line) == 0) {
            t->count[i][c->direction][c->cls]++;
            return;
        }
    }
}

void its_tally_json(struct its_json *j, const struct its_tally *t)
{
    its_json_object(j);
    for (int i = 0; i < t->line_count; i++) {
        its_json_key(j, t->name[i]);
        its_json_object(j);
        for (int d = 0; d < 2; d++) {
            its_json_key(j, its_direction_name((enum its_direction)d));
            its_json_object(j);
            for (int c = 0; c < ITS_CLASS_COUNT; c++)
                if (t->count[i][d][c])
                    int_field(j, its_class_name((enum its_class)c), (int64_t)t->count[i][d][c]);
            its_json_object_end(j);
        }
        its_json_object_end(j);
    }
    its_json_object_end(j);
}

/* --- times */

static const double quantiles[] = {0.50, 0.95, 0.99};
static const char *const quantile_names[] = {"p50", "p95", "p99"};

static double quantile_ms(const struct its_hist *h, int q)
{
    return (double)its_hist_quantile(h, quantiles[q]) * 1e-3;
}

static void stages_field(struct its_json *j, const struct its_latency *l)
{
    its_json_key(j, "stages_ms");
    its_json_object(j);
    for (int s = 0; s < ITS_STAGE_COUNT; s++) {
        if (!l->stage[s].count)
            continue;
        its_json_key(j, its_stage_name((enum its_stage)s));
        its_json_object(j);
        for (int q = 0; q < 3; q++)
            number_field(j, quantile_names[q], quantile_ms(&l->stage[s], q), 3);
        its_json_object_end(j);
    }
    its_json_object_end(j);
}

void its_summary_json(struct its_str *out, const struct its_summary *s)
{
    struct its_json j = its_line_json_begin(out, "summary");
    string_field(&j, "input", s->input);
    int_field(&j, "frames", (int64_t)s->frames);
    int_field(&j, "analyzed", (int64_t)s->analysed);
    int_field(&j, "skipped", (int64_t)s->skipped);
    number_field(&j, "blind_s", s->blind_s, 3);
    number_field(&j, "wall_s", s->wall_s, 3);
    number_field(&j, "fps", s->wall_s > 0 ? (double)s->frames / s->wall_s : 0, 1);
    string_field(&j, "detector", s->detector);
    if (s->model)
        string_field(&j, "model", s->model);
    its_json_key(&j, "lines");
    its_tally_json(&j, s->tally);
    stages_field(&j, s->latency);
    int_field(&j, "errors", (int64_t)s->errors);
    its_line_json_end(&j);
}

/* --- the same for people */

static void count_words(struct its_str *out, const uint64_t *by_class)
{
    const char *gap = "";
    for (int c = 0; c < ITS_CLASS_COUNT; c++) {
        if (!by_class[c])
            continue;
        its_str_printf(out, "%s%llu %s", gap, (unsigned long long)by_class[c],
                       its_class_name((enum its_class)c));
        gap = ", ";
    }
    if (!*gap)
        its_str_puts(out, "none");
}

void its_summary_text(struct its_str *out, const struct its_summary *s)
{
    its_str_printf(out, "%s: %llu frames in %.2f s (%.0f per second), detector %s%s%s\n", s->input,
                   (unsigned long long)s->frames, s->wall_s,
                   s->wall_s > 0 ? (double)s->frames / s->wall_s : 0.0, s->detector,
                   s->model ? ": " : "", s->model ? s->model : "");
    if (s->skipped || s->errors)
        its_str_printf(out, "%llu frames skipped, %llu damaged stretches passed over\n",
                       (unsigned long long)s->skipped, (unsigned long long)s->errors);
    if (s->blind_s > 0)
        its_str_printf(out, "nothing was counted in %.1f s without sight\n", s->blind_s);
    for (int i = 0; i < s->tally->line_count; i++) {
        for (int d = 0; d < 2; d++) {
            its_str_printf(out, "  %-16s %-9s ", s->tally->name[i],
                           its_direction_name((enum its_direction)d));
            count_words(out, s->tally->count[i][d]);
            its_str_putc(out, '\n');
        }
    }
    its_str_printf(out, "  %-12s %8s %8s %8s  ms\n", "stage", "p50", "p95", "p99");
    for (int i = 0; i < ITS_STAGE_COUNT; i++) {
        const struct its_hist *h = &s->latency->stage[i];
        if (h->count)
            its_str_printf(out, "  %-12s %8.3f %8.3f %8.3f\n", its_stage_name((enum its_stage)i),
                           quantile_ms(h, 0), quantile_ms(h, 1), quantile_ms(h, 2));
    }
}
