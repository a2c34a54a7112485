/* One row of the input at a time, in three steps that stay in the first-level cache:
 *
 *   blend    two rows of each plane become one row of 16-bit samples, whole rows at a time, because
 *            neighbours in memory are what registers like;
 *   colour   each output column takes its two samples from those rows by planned taps, makes red,
 *            green and blue of them, cuts and scales: floats;
 *   narrow, weave   where the input is not f32 in planes: element and layout.
 *
 * f32 in planes is written by `colour` straight into the slot. A quarter turn swaps the roles of
 * the source's rows and columns: `blend` then walks two columns, which is slower; a half turn only
 * walks the tables backwards. Sample aspect is in the tables too: a displayed pixel is looked up
 * where it lies among the stored ones. */
#include "tensor/letterboxer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/mem.h"
#include "frame/frame.h"
#include "tensor/pixels.h"
#include "tensor/taps.h"

enum colours {
    COLOURS_RGB,
    COLOURS_YUV,
    COLOURS_GRAY,
};

/* All that the tables depend on. */
struct form {
    int w, h; /* as stored */
    int display_w, display_h;
    int rotation;
    enum colours colours;
    bool halved_x, halved_y; /* chroma */
    bool full_range;
    enum its_matrix matrix;
};

struct plane {
    const uint8_t *px;
    ptrdiff_t right, down; /* bytes to the next sample */
};

struct picture {
    struct form form;
    struct plane plane[3]; /* gray: one */
    bool paired;           /* planes 1 and 2 are one of pairs */
};

/* One axis pair of a kind of plane. */
struct grid {
    struct its_row_taps *rows;
    struct its_columns columns;
    int samples; /* of a blended row */
};

struct its_letterboxer {
    struct its_input in;
    const struct its_pixel_kernels *kernels;
    uint8_t *pad_row; /* a row of border; NCHW: of one plane */
    float *line[3];   /* a row of the input, by its own order of colours */
    uint8_t *thin[3]; /* the same as elements */

    /* --- the plan, for pictures of one form */
    bool planned;
    struct form form;
    struct its_letterbox box;
    struct grid luma, chroma;
    struct its_colour colour;
    int16_t *row[3]; /* blended samples; gray: the last two stay 0 */
};

/* --- the parts that depend on the input alone */

static size_t pixel_bytes(const struct its_input *in)
{
    size_t elements = in->layout == ITS_INPUT_NHWC ? (size_t)in->pitch : 1;
    return elements * its_element_bytes(in->element);
}

/* Places n pixels of the lines at `dst`: [0] of the slot's rows; NCHW: one for each plane. */
static void place(struct its_letterboxer *l, uint8_t *const dst[3], int n)
{
    const struct its_input *in = &l->in;
    bool woven = in->layout == ITS_INPUT_NHWC;
    const void *rows[3] = {l->line[0], l->line[1], l->line[2]};
    if (in->element != ITS_ELEMENT_F32) {
        for (int p = 0; p < 3; p++) {
            void *row = woven ? l->thin[p] : dst[p];
            l->kernels->narrow[in->element](row, l->line[p], n);
            rows[p] = row;
        }
    }
    if (woven)
        l->kernels->weave[its_element_bytes(in->element) / 2](dst[0], rows, n, in->pitch);
}

static void make_pad_row(struct its_letterboxer *l)
{
    float v = (float)(l->in.pad * l->in.scale + l->in.offset);
    for (int x = 0; x < l->in.w; x++)
        l->line[0][x] = l->line[1][x] = l->line[2][x] = v;
    if (l->in.layout == ITS_INPUT_NCHW && l->in.element == ITS_ELEMENT_F32)
        memcpy(l->pad_row, l->line[0], (size_t)l->in.w * sizeof v);
    else
        place(l, (uint8_t *[3]){l->pad_row, l->pad_row, l->pad_row}, l->in.w);
}

static int alloc_lines(struct its_letterboxer *l)
{
    size_t w = (size_t)l->in.w;
    l->pad_row = its_try_aligned(w * pixel_bytes(&l->in));
    for (int p = 0; p < 3; p++) {
        l->line[p] = its_try_aligned(w * sizeof(float));
        l->thin[p] = its_try_aligned(w * sizeof(uint16_t));
        if (!l->line[p] || !l->thin[p])
            return -ENOMEM;
    }
    return l->pad_row ? 0 : -ENOMEM;
}

int its_letterboxer_create(const struct its_input *in, enum its_cpu cpu,
                           struct its_letterboxer **out)
{
    if (its_input_check(in) < 0)
        return -EINVAL;
    struct its_letterboxer *l = its_malloc(sizeof *l);
    l->in = *in;
    l->kernels = its_pixel_kernels(cpu);
    if (alloc_lines(l) < 0) {
        its_letterboxer_destroy(&l);
        return -ENOMEM;
    }
    make_pad_row(l);
    *out = l;
    return 0;
}

static void forget_plan(struct its_letterboxer *l)
{
    l->planned = false;
    free(l->luma.rows);
    free(l->chroma.rows);
    l->luma.rows = l->chroma.rows = NULL;
    its_columns_fini(&l->luma.columns);
    its_columns_fini(&l->chroma.columns);
    for (int i = 0; i < 3; i++) {
        free(l->row[i]);
        l->row[i] = NULL;
    }
}

void its_letterboxer_destroy(struct its_letterboxer **pl)
{
    struct its_letterboxer *l = *pl;
    if (!l)
        return;
    *pl = NULL;
    forget_plan(l);
    for (int p = 0; p < 3; p++) {
        free(l->line[p]);
        free(l->thin[p]);
    }
    free(l->pad_row);
    free(l);
}

/* --- the plan */

static bool turned(const struct form *f)
{
    return f->rotation == 90 || f->rotation == 270;
}

static bool same_form(const struct form *a, const struct form *b)
{
    return a->w == b->w && a->h == b->h && a->display_w == b->display_w &&
           a->display_h == b->display_h && a->rotation == b->rotation && a->colours == b->colours &&
           a->halved_x == b->halved_x && a->halved_y == b->halved_y &&
           a->full_range == b->full_range && a->matrix == b->matrix;
}

/* The axes of the stored picture as the displayed one walks them, left to right and top to bottom:
 * a picture that is turned clockwise by 90 degrees has its last stored row at the left. */
static int plan_grid(struct grid *g, const struct form *f, const struct its_letterbox *box,
                     bool halved_x, bool halved_y)
{
    struct its_axis x = {
        .in = f->w,
        .reversed = f->rotation == 180 || f->rotation == 270,
        .halved = halved_x,
        .between = f->full_range, /* JPEG; all others put chroma over the left pixel */
    };
    struct its_axis y = {
        .in = f->h,
        .reversed = f->rotation == 90 || f->rotation == 180,
        .halved = halved_y,
        .between = true,
    };
    struct its_axis *across = turned(f) ? &y : &x, *down = turned(f) ? &x : &y;
    across->out = box->w;
    down->out = box->h;
    g->samples = its_axis_samples(across);
    g->rows = its_try_calloc((size_t)down->out, sizeof *g->rows);
    if (!g->rows)
        return -ENOMEM;
    its_row_taps_plan(g->rows, down);
    return its_columns_plan(&g->columns, across);
}

/* Y, U, V to red, green, blue by the luma weights of ITU-R BT.601 and BT.709; what the sums of two
 * taps are worth is divided out. */
static void plan_yuv(struct its_colour *c, const struct form *f, double unit)
{
    double kr = f->matrix == ITS_MATRIX_BT709 ? 0.2126 : 0.299;
    double kb = f->matrix == ITS_MATRIX_BT709 ? 0.0722 : 0.114;
    double kg = 1 - kr - kb;
    double luma = f->full_range ? 1 : 255.0 / 219, black = f->full_range ? 0 : 16;
    double chroma = f->full_range ? 1 : 255.0 / 224;
    double u[3] = {0, -2 * (1 - kb) * kb / kg * chroma, 2 * (1 - kb) * chroma};
    double v[3] = {2 * (1 - kr) * chroma, -2 * (1 - kr) * kr / kg * chroma, 0};
    for (int k = 0; k < 3; k++) {
        if (f->colours == COLOURS_GRAY)
            u[k] = v[k] = 0;
        c->matrix[k][0] = (float)(luma * unit);
        c->matrix[k][1] = (float)(u[k] * unit);
        c->matrix[k][2] = (float)(v[k] * unit);
        c->bias[k] = (float)(-luma * black - (u[k] + v[k]) * 128);
    }
}

static void plan_colour(struct its_letterboxer *l, const struct form *f)
{
    double unit = 1.0 / (1 << (ITS_SAMPLE_BITS + ITS_COLUMN_WEIGHT_BITS));
    memset(&l->colour, 0, sizeof l->colour);
    if (f->colours == COLOURS_RGB)
        for (int k = 0; k < 3; k++)
            l->colour.matrix[k][k] = (float)unit;
    else
        plan_yuv(&l->colour, f, unit);
    its_colour_scale(&l->colour, l->in.scale, l->in.offset);
}

static int alloc_rows(struct its_letterboxer *l)
{
    size_t samples = (((size_t)l->luma.samples + 63) & ~(size_t)63) + ITS_SAMPLES_SPARE;
    for (int i = 0; i < 3; i++)
        if (!(l->row[i] = its_try_aligned(samples * sizeof *l->row[i])))
            return -ENOMEM;
    return 0;
}

static int plan(struct its_letterboxer *l, const struct form *f)
{
    if (l->planned && same_form(&l->form, f))
        return 0;
    if (f->w < 1 || f->h < 1 || f->w > ITS_PICTURE_SIDE_MAX || f->h > ITS_PICTURE_SIDE_MAX ||
        f->rotation % 90 || f->rotation < 0 || f->rotation > 270)
        return -EINVAL;
    forget_plan(l);
    int rc = its_letterbox_fit(&l->box, f->display_w, f->display_h, &l->in);
    if (rc < 0)
        return rc;
    if (plan_grid(&l->luma, f, &l->box, false, false) < 0 ||
        plan_grid(&l->chroma, f, &l->box, f->halved_x, f->halved_y) < 0 || alloc_rows(l) < 0) {
        forget_plan(l);
        return -ENOMEM;
    }
    plan_colour(l, f);
    l->form = *f;
    l->planned = true;
    return 0;
}

/* --- the pass */

/* Row y of the resized picture, not yet resized across. */
static void blend(struct its_letterboxer *l, const struct picture *p, int y)
{
    bool turn = turned(&p->form);
    int planes = p->form.colours == COLOURS_GRAY ? 1 : 3;
    for (int i = 0; i < planes; i++) {
        const struct plane *plane = p->plane + i;
        const struct grid *g = i ? &l->chroma : &l->luma;
        const struct its_row_taps *t = g->rows + y;
        ptrdiff_t along = turn ? plane->down : plane->right;
        ptrdiff_t across = turn ? plane->right : plane->down;
        const uint8_t *a = plane->px + t->at * across;
        const uint8_t *b = t->share ? a + across : a;
        if (along == 1) {
            l->kernels->blend(l->row[i], a, b, g->samples, t->share);
        } else if (p->paired && i && !turn) {
            l->kernels->blend_pairs(l->row[1], l->row[2], a, b, g->samples, t->share);
            return;
        } else {
            its_blend_strided(l->row[i], a, b, along, g->samples, t->share);
        }
    }
}

static void write_row(struct its_letterboxer *l, const struct picture *p, uint8_t *slot, int y)
{
    const struct its_input *in = &l->in;
    size_t plane = in->layout == ITS_INPUT_NCHW ? pixel_bytes(in) * in->w * in->h : 0;
    uint8_t *at = slot + ((size_t)(l->box.top + y) * in->w + l->box.left) * pixel_bytes(in);
    uint8_t *dst[3] = {at, at + plane, at + 2 * plane};
    bool direct = in->layout == ITS_INPUT_NCHW && in->element == ITS_ELEMENT_F32;
    float *line[3];
    for (int k = 0; k < 3; k++) {
        int nth = in->bgr ? 2 - k : k;
        line[k] = direct ? (float *)dst[nth] : l->line[nth];
    }
    blend(l, p, y);
    l->kernels->colour(line, (const int16_t *const *)l->row, &l->luma.columns, &l->chroma.columns,
                       &l->colour);
    if (!direct)
        place(l, dst, l->box.w);
}

static void write_border(const struct its_letterboxer *l, uint8_t *slot)
{
    const struct its_letterbox *box = &l->box;
    size_t pixel = pixel_bytes(&l->in), row = pixel * l->in.w;
    size_t left = pixel * box->left, right = row - left - pixel * box->w;
    int planes = l->in.layout == ITS_INPUT_NCHW ? 3 : 1;
    for (int y = 0; y < l->in.h * planes; y++, slot += row) {
        int in_plane = y % l->in.h;
        if (in_plane < box->top || in_plane >= box->top + box->h) {
            memcpy(slot, l->pad_row, row);
        } else {
            memcpy(slot, l->pad_row, left);
            memcpy(slot + row - right, l->pad_row, right);
        }
    }
}

static int letterbox(struct its_letterboxer *l, const struct picture *p, void *slot,
                     struct its_letterbox *box)
{
    int rc = plan(l, &p->form);
    if (rc < 0)
        return rc;
    for (int y = 0; y < l->box.h; y++)
        write_row(l, p, slot, y);
    write_border(l, slot);
    if (box)
        *box = l->box;
    return 0;
}

int its_letterboxer_frame(struct its_letterboxer *l, const struct its_frame *f, void *slot,
                          struct its_letterbox *box)
{
    bool nv12 = f->pixels == ITS_PIXELS_NV12, gray = f->pixels == ITS_PIXELS_GRAY;
    bool i420 = f->pixels == ITS_PIXELS_I420, i422 = f->pixels == ITS_PIXELS_I422;
    if (!f->plane[0] || (!gray && !f->plane[1]) || (!gray && !nv12 && !f->plane[2]))
        return -EINVAL;
    struct picture p = {
        .form =
            {
                .w = f->coded_w,
                .h = f->coded_h,
                .display_w = f->display_w,
                .display_h = f->display_h,
                .rotation = f->rotation,
                .colours = gray ? COLOURS_GRAY : COLOURS_YUV,
                .halved_x = i420 || i422 || nv12,
                .halved_y = i420 || nv12,
                .full_range = f->full_range,
                .matrix = f->matrix,
            },
        .paired = nv12,
    };
    p.plane[0] = (struct plane){f->plane[0], 1, f->stride[0]};
    for (int i = 1; i < 3 && !gray; i++)
        p.plane[i] = nv12 ? (struct plane){f->plane[1] + i - 1, 2, f->stride[1]}
                          : (struct plane){f->plane[i], 1, f->stride[i]};
    return letterbox(l, &p, slot, box);
}

int its_letterboxer_rgb24(struct its_letterboxer *l, const struct its_rgb24 *picture, void *slot,
                          struct its_letterbox *box)
{
    if (!picture->px)
        return -EINVAL;
    struct picture p = {
        .form =
            {
                .w = picture->w,
                .h = picture->h,
                .display_w = picture->w,
                .display_h = picture->h,
                .colours = COLOURS_RGB,
            },
    };
    for (int i = 0; i < 3; i++)
        p.plane[i] = (struct plane){picture->px + i, 3, picture->stride};
    return letterbox(l, &p, slot, box);
}
