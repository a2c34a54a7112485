/* What all inference shares. See infer.h. */
#include "nn/infer.h"

#include <stdio.h>

/* Elements of one tensor: eight GiB of floats. The largest map of YOLO11x for 32 pictures of
 * 1280x1280 has 1.3e9; what is larger than this is a damaged file. */
#define COUNT_MAX (1ll << 31)

static void write_types(unsigned types, char *text, size_t bytes)
{
    size_t used = 0;
    text[0] = 0;
    for (int t = 0; t < ITS_DTYPE_COUNT && used < bytes; t++)
        if (types & 1u << t)
            used +=
                snprintf(text + used, bytes - used, "%s%s", used ? ", " : "", its_dtype_name(t));
}

int its_infer_type(const struct its_node *n, int index, unsigned types, struct its_error *err)
{
    const struct its_value *v = its_node_in(n, index);
    if (!v || types & 1u << v->type)
        return 0;
    char text[80];
    write_types(types, text, sizeof text);
    return its_error_set(err, ITS_EUNSUPPORTED, "input %d (%s) is %s; supported: %s", index,
                         v->name, its_dtype_name(v->type), text);
}

int its_infer_type_like_first(const struct its_node *n, int index, struct its_error *err)
{
    const struct its_value *v = its_node_in(n, index);
    if (!v || v->type == n->in[0]->type)
        return 0;
    return its_error_set(err, -EINVAL, "input %d (%s) is %s, the first is %s", index, v->name,
                         its_dtype_name(v->type), its_dtype_name(n->in[0]->type));
}

int its_infer_out(struct its_node *n, int index, enum its_dtype type, const struct its_shape *s,
                  struct its_error *err)
{
    if (index >= n->out_count || !n->out[index])
        return index < n->op->out_min ? its_error_set(err, -EINVAL, "output %d is missing", index)
                                      : 0;
    int64_t count = 1;
    for (int i = 0; i < s->rank; i++) {
        if (s->dim[i] < 0 || s->dim[i] > COUNT_MAX || count * s->dim[i] > COUNT_MAX) {
            char text[96];
            return its_error_set(err, ITS_ETOOBIG, "a result of %s",
                                 its_shape_text(s, text, sizeof text));
        }
        count *= s->dim[i] ? s->dim[i] : 1;
    }
    struct its_value *v = n->out[index];
    v->type = type;
    v->shape = *s;
    v->shaped = true;
    return 0;
}

int its_infer_broadcast(struct its_shape *to, const struct its_shape *s, struct its_error *err)
{
    struct its_shape a = *to, b = *s;
    int rank = a.rank > b.rank ? a.rank : b.rank;
    to->rank = rank;
    for (int i = 0; i < rank; i++) {
        int ia = i - (rank - a.rank), ib = i - (rank - b.rank);
        int64_t da = ia < 0 ? 1 : a.dim[ia], db = ib < 0 ? 1 : b.dim[ib];
        if (da != db && da != 1 && db != 1) {
            char ta[96], tb[96];
            return its_error_set(err, -EINVAL, "%s and %s do not fit together",
                                 its_shape_text(&a, ta, sizeof ta),
                                 its_shape_text(&b, tb, sizeof tb));
        }
        to->dim[i] = da == 1 ? db : da;
    }
    return 0;
}
