/* Resize's inputs and attributes: sizes or scales, for all axes or some of them. */
#include "nn/param.h"

#include <math.h>
#include <string.h>

static int pick(const char *what, const char *said, const char *const *names, int *to,
                struct its_error *err)
{
    for (int i = 0; names[i]; i++)
        if (!strcmp(said, names[i])) {
            *to = i;
            return 0;
        }
    return its_error_set(err, ITS_EUNSUPPORTED, "%s %s", what, said);
}

/* In the order of the enums. */
static int read_words(const struct its_node *n, struct its_resize *p, struct its_error *err)
{
    static const char *const modes[] = {"nearest", "linear", "cubic", NULL};
    static const char *const coordinates[] = {
        "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
        "asymmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize", NULL};
    static const char *const roundings[] = {"round_prefer_floor", "round_prefer_ceil", "floor",
                                            "ceil", NULL};
    int mode = 0, coordinate = 0, rounding = 0;
    int r = pick("mode", its_node_string(n, "mode", "nearest"), modes, &mode, err);
    r = r ? r
          : pick("coordinate_transformation_mode",
                 its_node_string(n, "coordinate_transformation_mode", "half_pixel"), coordinates,
                 &coordinate, err);
    r = r ? r
          : pick("nearest_mode", its_node_string(n, "nearest_mode", "round_prefer_floor"),
                 roundings, &rounding, err);
    p->mode = mode;
    p->coordinates = coordinate;
    p->rounding = rounding;
    p->cubic_a = its_node_float(n, "cubic_coeff_a", -0.75f);
    p->extrapolation = its_node_float(n, "extrapolation_value", 0);
    p->exclude_outside = its_node_int(n, "exclude_outside", 0) != 0;
    p->antialias = its_node_int(n, "antialias", 0) != 0;
    return r;
}

/* The axes that scales, sizes and roi speak of: all, or those of the attribute. */
static int read_axes(const struct its_node *n, int axes[ITS_RANK_MAX], int *count,
                     struct its_error *err)
{
    int rank = n->in[0]->shape.rank, r;
    const int64_t *v = its_node_ints(n, "axes", count);
    if (!v)
        *count = rank;
    if (*count > rank)
        return its_error_set(err, -EINVAL, "%d axes of a tensor of rank %d", *count, rank);
    for (int i = 0; i < *count; i++)
        if ((r = its_axis_resolve(v ? v[i] : i, rank, &axes[i], err)))
            return r;
    return 0;
}

/* Constant floats of an input; count 0 when it is left out or empty, as older exports do. */
static int read_floats(const struct its_node *n, int index, double *to, int max, int *count,
                       struct its_error *err)
{
    const struct its_value *v = its_node_in(n, index);
    *count = v ? its_shape_count(&v->shape) : 0;
    if (!*count)
        return 0;
    if (v->type != ITS_F32 || *count > max)
        return its_error_set(err, -EINVAL, "input %d: %d numbers of %s", index, *count,
                             its_dtype_name(v->type));
    if (!v->data)
        return its_error_set(err, ITS_EUNSUPPORTED,
                             "input %d (%s) decides a shape but is no constant", index, v->name);
    for (int i = 0; i < *count; i++)
        to[i] = ((const float *)v->data)[i];
    return 0;
}

static int use_scales(const struct its_node *n, struct its_resize *p, const double *scales,
                      const int *axes, int count, struct its_error *err)
{
    for (int i = 0; i < count; i++) {
        int a = axes[i];
        if (!(scales[i] > 0 && scales[i] < 1 << 20))
            return its_error_set(err, -EINVAL, "a scale of %g", scales[i]);
        p->scale[a] = scales[i];
        p->out[a] = floor(n->in[0]->shape.dim[a] * scales[i]);
    }
    return 0;
}

/* keep_aspect_ratio_policy makes one scale of those that the sizes ask for. */
static int use_sizes(const struct its_node *n, struct its_resize *p, const int64_t *sizes,
                     const int *axes, int count, struct its_error *err)
{
    const char *policy = its_node_string(n, "keep_aspect_ratio_policy", "stretch");
    bool larger = !strcmp(policy, "not_larger"), smaller = !strcmp(policy, "not_smaller");
    if (!larger && !smaller && strcmp(policy, "stretch"))
        return its_error_set(err, -EINVAL, "keep_aspect_ratio_policy %s", policy);
    double one = larger ? INFINITY : 0;
    for (int i = 0; i < count; i++) {
        int64_t in = n->in[0]->shape.dim[axes[i]];
        if (sizes[i] < 1 || sizes[i] > INT32_MAX || in < 1)
            return its_error_set(err, -EINVAL, "a size of %lld from %lld", (long long)sizes[i],
                                 (long long)in);
        double scale = (double)sizes[i] / in;
        p->scale[axes[i]] = scale;
        p->out[axes[i]] = sizes[i];
        one = larger ? fmin(one, scale) : fmax(one, scale);
    }
    for (int i = 0; i < count && (larger || smaller); i++) {
        p->scale[axes[i]] = one;
        p->out[axes[i]] = round(one * n->in[0]->shape.dim[axes[i]]);
    }
    return 0;
}

static int read_roi(const struct its_node *n, struct its_resize *p, const int *axes, int count,
                    struct its_error *err)
{
    double roi[2 * ITS_RANK_MAX];
    int numbers;
    int r = read_floats(n, 1, roi, 2 * ITS_RANK_MAX, &numbers, err);
    if (r)
        return r;
    if (numbers != 2 * count)
        return its_error_set(err, -EINVAL, "roi has %d numbers for %d axes", numbers, count);
    for (int i = 0; i < count; i++) {
        p->roi[0][axes[i]] = roi[i];
        p->roi[1][axes[i]] = roi[count + i];
    }
    return 0;
}

int its_resize_of(const struct its_node *n, struct its_resize *p, struct its_error *err)
{
    const struct its_shape *x = &n->in[0]->shape;
    int axes[ITS_RANK_MAX], count, scale_count, size_count;
    double scales[ITS_RANK_MAX];
    int64_t sizes[ITS_RANK_MAX];
    *p = (struct its_resize){0};
    for (int a = 0; a < x->rank; a++) {
        p->scale[a] = 1;
        p->out[a] = x->dim[a];
        p->roi[1][a] = 1;
    }
    int r = read_words(n, p, err);
    r = r ? r : read_axes(n, axes, &count, err);
    r = r ? r : read_floats(n, 2, scales, ITS_RANK_MAX, &scale_count, err);
    r = r ? r : its_param_ints(n, 3, sizes, ITS_RANK_MAX, &size_count, err);
    if (!r && p->coordinates == ITS_RESIZE_TF_CROP)
        r = read_roi(n, p, axes, count, err);
    if (r)
        return r;
    size_count = size_count > 0 ? size_count : 0;
    if ((scale_count == 0) == (size_count == 0) || scale_count + size_count != count)
        return its_error_set(err, -EINVAL, "%d scales and %d sizes for %d axes", scale_count,
                             size_count, count);
    return scale_count ? use_scales(n, p, scales, axes, count, err)
                       : use_sizes(n, p, sizes, axes, count, err);
}
