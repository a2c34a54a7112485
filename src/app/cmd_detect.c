/* detect: what a network sees in pictures, frame by frame, without tracking. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/cmd.h"
#include "app/film.h"
#include "app/interrupt.h"
#include "app/model_flags.h"
#include "app/paint.h"
#include "base/json.h"
#include "base/url.h"
#include "camera/averror.h"
#include "camera/jpeg_file.h"
#include "detect/net_detector.h"

struct settings {
    const char *model, *draw;
    float conf, iou;
    int every;
    bool all_classes, json;
    struct its_model_flags network;
};

static const struct settings defaults = {
    .conf = 0.25f, .iou = 0.45f, .every = 1, .network = ITS_MODEL_FLAGS_DEFAULT};

static const struct its_flag flags[] = {
    {{"model", ITS_OPT_STRING, offsetof(struct settings, model), .min = 1,
      .doc = "The network: an ONNX export of YOLOv8, YOLO11, YOLOX or an NMS-free YOLO. Needed."},
     "FILE"},
    {{"conf", ITS_OPT_FLOAT, offsetof(struct settings, conf), .min = 0, .max = 1,
      .doc = "Leave out what has a lower score."},
     "SCORE"},
    {{"iou", ITS_OPT_FLOAT, offsetof(struct settings, iou), .min = 0, .max = 1,
      .doc = "Boxes of one class that overlap by more than this part of their union are one."},
     "PART"},
    {{"all-classes", ITS_OPT_BOOL, offsetof(struct settings, all_classes),
      .doc = "Everything the network knows, not only road users."}},
    {{"every", ITS_OPT_INT, offsetof(struct settings, every), .min = 1, .max = 100000,
      .doc = "Of a video, only the first of every N frames."},
     "N"},
    {{"draw", ITS_OPT_STRING, offsetof(struct settings, draw), .min = 1,
      .default_text = "nothing is drawn",
      .doc = "Also write the picture with boxes, classes and scores drawn into it: to this file "
             "(.png, .jpg), or for more than one picture into this folder."},
     "OUT"},
    {{"json", ITS_OPT_BOOL, offsetof(struct settings, json),
      .doc = "JSON Lines on standard output, and nothing else."}},
};

static const struct its_flag_set sets[] = {
    {flags, ITS_ARRAY_LEN(flags), 0},
    /* One picture after the other: no --batch, which is the last row. */
    {its_model_flag_rows, ITS_MODEL_FLAG_COUNT - 1, offsetof(struct settings, network)},
};

struct detect {
    const struct its_call *call;
    const struct settings *set;
    struct its_model *model;
    const char *const *names;
    struct its_net_detector *detector;
    struct its_painter *painter;
    struct its_cancel *cancel;
    struct its_str text;
    struct its_detections road_users;
    bool draws_one; /* --draw names a file */
    int drawn;
};

/* --- what was found, as text */

static void write_json(struct detect *d, const char *input, const struct its_frame *f,
                       const struct its_candidates *found)
{
    struct its_json j = its_json_on(&d->text);
    its_json_object(&j);
    its_json_key(&j, "v"), its_json_int(&j, 1);
    its_json_key(&j, "input"), its_json_string(&j, input);
    its_json_key(&j, "frame"), its_json_int(&j, (int64_t)f->index);
    its_json_key(&j, "width"), its_json_int(&j, f->display_w);
    its_json_key(&j, "height"), its_json_int(&j, f->display_h);
    its_json_key(&j, "objects"), its_json_array(&j);
    for (int i = 0; i < found->count; i++) {
        const struct its_candidate *c = &found->item[i];
        its_json_object(&j);
        its_json_key(&j, "class"), its_json_string(&j, d->names[c->class_id]);
        its_json_key(&j, "class_id"), its_json_int(&j, c->class_id);
        its_json_key(&j, "score"), its_json_number(&j, c->score, 4);
        its_json_key(&j, "box"), its_json_array(&j);
        its_json_number(&j, c->box.x, 2), its_json_number(&j, c->box.y, 2);
        its_json_number(&j, c->box.w, 2), its_json_number(&j, c->box.h, 2);
        its_json_array_end(&j);
        its_json_object_end(&j);
    }
    its_json_array_end(&j);
    its_json_object_end(&j);
    its_str_putc(&d->text, '\n');
}

static void write_table(struct detect *d, const char *input, const struct its_frame *f,
                        const struct its_candidates *found)
{
    its_str_printf(&d->text, "%s, frame %llu, %dx%d: %d found\n", input,
                   (unsigned long long)f->index, f->display_w, f->display_h, found->count);
    for (int i = 0; i < found->count; i++) {
        const struct its_candidate *c = &found->item[i];
        its_str_printf(&d->text, "  %-14s %.2f  %7.1f %7.1f  %6.1f x %.1f\n", d->names[c->class_id],
                       c->score, c->box.x, c->box.y, c->box.w, c->box.h);
    }
}

static int write_out(struct detect *d, struct its_error *err)
{
    FILE *out = d->call->out;
    errno = 0;
    size_t wrote = fwrite(d->text.data, 1, d->text.len, out);
    if (wrote < d->text.len || fflush(out) != 0) {
        int code = errno ? -errno : -EIO;
        return its_error_set(err, code, "cannot write the output: %s", its_strerror(code));
    }
    its_str_clear(&d->text);
    return 0;
}

/* --- and drawn */

static bool ends_in(const char *path, const char *ending)
{
    size_t n = strlen(path), m = strlen(ending);
    return n > m && strcasecmp(path + n - m, ending) == 0;
}

static bool is_jpeg(const char *path)
{
    return ends_in(path, ".jpg") || ends_in(path, ".jpeg");
}

static bool is_picture(const char *path)
{
    return is_jpeg(path) || ends_in(path, ".png");
}

/* OUT/junction.png for a photograph, OUT/junction-000042.png for a frame of a video. */
static const char *name_drawing(struct detect *d, const char *input, const struct its_frame *f)
{
    if (d->draws_one)
        return d->set->draw;
    const char *slash = strrchr(input, '/'), *name = slash ? slash + 1 : input;
    const char *dot = strrchr(name, '.');
    int length = dot && dot > name ? (int)(dot - name) : (int)strlen(name);
    const char *ending = is_jpeg(name) ? "jpg" : "png";
    if (is_picture(name))
        return its_arena_printf(d->call->arena, "%s/%.*s.%s", d->set->draw, length, name, ending);
    return its_arena_printf(d->call->arena, "%s/%.*s-%06llu.%s", d->set->draw, length, name,
                            (unsigned long long)f->index, ending);
}

static int draw(struct detect *d, const char *input, const struct its_frame *f,
                const struct its_candidates *found, struct its_error *err)
{
    if (d->draws_one && d->drawn++ > 0)
        return its_error_set(err, -EINVAL,
                             "there is more than one picture in it: give --draw a folder");
    struct its_canvas *canvas;
    int rc = its_painter_paint(d->painter, f, found, d->names, &canvas);
    if (rc < 0)
        return its_error_set(err, rc, "cannot draw %dx%d pixels: %s", f->display_w, f->display_h,
                             rc == -EINVAL ? "more than 8192 on a side" : its_strerror(rc));
    const char *path = name_drawing(d, input, f);
    if (!is_jpeg(path))
        return its_canvas_write_png(canvas, path, err);
    int stride;
    const uint32_t *rgb = its_canvas_pixels(canvas, &stride);
    return its_jpeg_write(path, rgb, stride, f->display_w, f->display_h, err);
}

/* --- picture by picture */

static int look(struct detect *d, const char *input, const struct its_frame *f,
                struct its_error *err)
{
    int rc = its_net_detector_frames(d->detector, &f, 1, &d->road_users, NULL);
    if (rc < 0)
        return its_error_set(err, rc, "the network failed: %s", its_strerror(rc));
    const struct its_candidates *found = its_net_detector_candidates(d->detector);
    char shown[ITS_URL_MAX];
    (d->set->json ? write_json : write_table)(d, its_url_mask(input, shown, sizeof(shown)), f,
                                              found);
    rc = write_out(d, err);
    return rc == 0 && d->set->draw ? draw(d, input, f, found, err) : rc;
}

static int look_through(struct detect *d, const char *input, struct its_film *film,
                        struct its_error *err)
{
    struct its_frame *f;
    int rc, seen = 0;
    while ((rc = its_film_next(film, &f, err)) == 0) {
        if (seen++ % d->set->every == 0)
            rc = look(d, input, f, err);
        its_frame_unref(&f);
        if (rc < 0)
            return rc;
    }
    if (rc == ITS_EEOF && seen == 0)
        return its_error_set(err, ITS_EDAMAGED, "not one picture of it could be decoded");
    return rc == ITS_EEOF ? 0 : rc;
}

/* An input that cannot be read does not keep the others from being looked at. */
static int look_at_all(struct detect *d)
{
    int exit_code = ITS_EXIT_OK;
    for (unsigned i = 0; i < d->call->operands.count && !its_cancel_is_set(d->cancel); i++) {
        const char *input = d->call->operands.items[i];
        struct its_error err = {0};
        struct its_film *film;
        int rc = its_film_open(input, d->cancel, &film, &err);
        if (rc == 0)
            rc = look_through(d, input, film, &err);
        its_film_close(&film);
        if (rc < 0 && rc != ITS_ECANCELLED) {
            fprintf(d->call->err, "its-camera-ai detect: %s\n", err.text);
            exit_code = ITS_EXIT_FAILED;
        }
    }
    return exit_code;
}

/* --- before and after */

/* Reads the flags; what is wrong with them is a matter of usage. */
static int check(struct detect *d, struct its_net_detector_settings *s, struct its_error *err)
{
    const struct settings *set = d->set;
    if (!set->model)
        return its_error_set(err, -EINVAL, "no network is given: name one with --model FILE.onnx");
    d->draws_one = set->draw && is_picture(set->draw);
    if (d->draws_one && d->call->operands.count > 1)
        return its_error_set(err, -EINVAL,
                             "--draw %s is one file, and there are %u inputs: give a folder",
                             set->draw, d->call->operands.count);
    its_net_detector_defaults(s);
    s->score = set->conf;
    s->iou = set->iou;
    s->all_classes = set->all_classes;
    return its_model_flags_read(&set->network, &s->network, err);
}

static int start(struct detect *d, const struct its_net_detector_settings *s, struct its_error *err)
{
    const char *drawings = d->draws_one ? NULL : d->set->draw;
    if (drawings && mkdir(drawings, 0777) < 0 && errno != EEXIST)
        return its_error_set(err, -errno, "cannot make the folder %s: %s", drawings,
                             its_strerror(-errno));
    d->painter = its_painter_create();
    int rc = its_model_open(d->set->model, &d->model, err);
    if (rc < 0)
        return rc;
    d->names = its_model_labels(d->model, d->call->arena);
    rc = its_net_detector_create(d->model, s, &d->detector, err);
    bool other = rc == ITS_EUNSUPPORTED && its_model_info(d->model)->head != ITS_HEAD_NONE;
    if (other && !d->set->all_classes)
        fputs("its-camera-ai detect: with --all-classes you see what else it knows\n",
              d->call->err);
    return rc;
}

static void stop(struct detect *d)
{
    its_net_detector_destroy(&d->detector);
    its_model_close(&d->model);
    its_painter_destroy(&d->painter);
    its_str_fini(&d->text);
    its_cancel_destroy(&d->cancel);
}

static int run(const struct its_call *call)
{
    struct detect *d = its_arena_alloc(call->arena, sizeof(*d));
    struct its_net_detector_settings s;
    struct its_error err = {0};
    d->call = call;
    d->set = call->settings;
    if (check(d, &s, &err) < 0)
        return its_model_usage(call, "detect", err.text);

    its_av_log_adopt();
    d->cancel = its_cancel_create(NULL);
    struct its_interrupt interrupt;
    its_interrupt_start(&interrupt, d->cancel);
    int exit_code = ITS_EXIT_FAILED;
    if (start(d, &s, &err) < 0)
        fprintf(call->err, "its-camera-ai detect: %s\n", err.text);
    else
        exit_code = look_at_all(d);
    its_interrupt_stop(&interrupt);
    stop(d);
    return exit_code;
}

const struct its_command its_cmd_detect = {
    .name = "detect",
    .summary = "what a network sees in pictures",
    .operands = "INPUT...",
    .operands_min = 1,
    .operands_max = 100000,
    .description =
        "Runs a detection network over photographs (JPEG, PNG) and videos and prints what it\n"
        "finds in every picture: class, score, and the box as left, top, width and height in\n"
        "pixels of the picture as it is displayed. Nothing is tracked or counted; for that see\n"
        "its-camera-ai analyze.\n"
        "\n"
        "Only road users are looked for: person, bicycle, motorcycle, car, bus, truck. Where one\n"
        "vehicle is seen as car and as truck, or as bus, the better box stays.\n"
        "\n"
        "With --json each picture is a line:\n"
        "  {\"v\":1,\"input\":\"a.jpg\",\"frame\":0,\"width\":1280,\"height\":720,\"objects\":[\n"
        "  {\"class\":\"car\",\"class_id\":2,\"score\":0.87,\"box\":[409.2,331.8,91.9,73.9]}]}\n"
        "\n"
        "An input that cannot be read is told on standard error; the others are looked at, and\n"
        "the exit code is 1.\n",
    .examples =
        "its-camera-ai detect street.jpg --model yolo11n.onnx --draw seen.png\n"
        "its-camera-ai detect clip.mp4 --model yolo11n.onnx --every 30 --draw frames\n"
        "its-camera-ai detect *.jpg --model yolo11n.onnx --size 640x384 --json >seen.jsonl\n",
    .sets = sets,
    .set_count = ITS_ARRAY_LEN(sets),
    .settings_bytes = sizeof(struct settings),
    .defaults = &defaults,
    .run = run,
};
