/* Making a plan: for every node, in order, the first kernel that takes it and can; a slot for every
 * value in the form its kernel writes, and conversions where a reader wants another one. Then the
 * parts (plan_views.c), the memory (plan_memory.c), and the weights. */
#include "nn/plan.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "nn/backend.h"
#include "nn/op.h"
#include "nn/plan_cache.h"

/* --- slots */

static int64_t round_up(int64_t n, int64_t to)
{
    return (n + to - 1) / to * to;
}

struct its_place its_place_of(const struct its_value *v, struct its_form form)
{
    const struct its_shape *s = &v->shape;
    int64_t dim[4] = {1, 1, 1, 1}; /* n, c, h, w */
    if (s->rank == 1)
        dim[1] = s->dim[0];
    for (int i = 0; s->rank > 1 && i < s->rank; i++) {
        int to = s->rank == 3 && i == 2 ? 3 : i < 4 ? i : 3;
        if (i >= 4) { /* the last is w, what lies between is h */
            dim[2] *= dim[3];
            dim[3] = 1;
        }
        dim[to] *= s->dim[i];
    }
    struct its_place p = {.type = form.type,
                          .layout = form.layout,
                          .n = (int)dim[0],
                          .c = (int)dim[1],
                          .h = (int)dim[2],
                          .w = (int)dim[3],
                          .scale = 1};
    int64_t pixels = dim[2] * dim[3];
    p.block = form.layout == ITS_LAYOUT_PLANES ? 1 : 16;
    if (form.layout == ITS_LAYOUT_PIXELS)
        p.block = (int)round_up(dim[1], 16);
    p.pixel_stride = p.block;
    p.block_stride = pixels * p.block;
    p.image_stride = round_up(dim[1], p.block) * pixels;
    bool integers = form.type == ITS_U8 || form.type == ITS_S8;
    its_assert(!integers || v->quant.count == 1 || v->type == form.type); /* of reals: steps */
    if (integers && v->quant.count == 1) {
        p.scale = v->quant.scale[0];
        p.zero = v->quant.zero ? v->quant.zero[0] : 0;
    }
    return p;
}

static int add_slot(struct its_plan *p, const struct its_value *v, struct its_form form)
{
    if (p->slot_count == p->slot_max) {
        p->slot_max = p->slot_max ? 2 * p->slot_max : 256;
        p->slot = its_realloc(p->slot, (size_t)p->slot_max * sizeof(*p->slot));
    }
    struct its_slot *s = &p->slot[p->slot_count];
    *s = (struct its_slot){.value = v, .form = form, .base = -1, .first = -1, .last = -1};
    s->place = its_place_of(v, form);
    s->bytes = (size_t)(s->place.n * s->place.image_stride) * its_dtype_bytes(form.type);
    return p->slot_count++;
}

static struct its_step *add_step(struct its_plan *p, const struct its_node *n,
                                 const struct its_kernel *kernel, int ins, int outs)
{
    if (p->step_count == p->step_max) {
        p->step_max = p->step_max ? 2 * p->step_max : 256;
        p->step = its_realloc(p->step, (size_t)p->step_max * sizeof(*p->step));
    }
    struct its_step *s = &p->step[p->step_count];
    *s = (struct its_step){.node = n, .kernel = kernel, .in_count = ins, .out_count = outs};
    p->step_count++;
    s->in = its_arena_alloc(p->arena, (size_t)(ins + outs) * sizeof(int));
    s->out = s->in + ins;
    return s;
}

/* A new slot in that form, filled by a conversion from `from`. */
static int convert(struct its_plan *p, int from, struct its_form form)
{
    its_assert(p->slot[from].value->quant.count <= 1); /* steps per channel: weights of integers */
    int to = add_slot(p, p->slot[from].value, form);
    struct its_step *s = add_step(p, NULL, &its_kernel_convert, 1, 1);
    s->in[0] = from;
    s->out[0] = to;
    return to;
}

/* The value's slot in that form; a conversion is put in where there is none yet. */
static int want(struct its_plan *p, const struct its_value *v, struct its_form form)
{
    for (int i = 0; i < p->slot_count; i++)
        if (p->slot[i].value == v && its_form_equal(p->slot[i].form, form))
            return i;
    return convert(p, p->primary[v->id], form);
}

/* --- steps */

static struct its_form form_so_far(const struct its_plan *p, const struct its_value *v)
{
    if (v && p->primary[v->id] >= 0)
        return p->slot[p->primary[v->id]].form;
    return (struct its_form){v ? v->type : ITS_F32, ITS_LAYOUT_PLANES};
}

static struct its_value *input_of(const struct its_node *n, int i)
{
    return i < n->in_count ? n->in[i] : n->add;
}

/* The first that takes the node, from row `first` of the table on. */
static const struct its_kernel *choose(const struct its_plan *p, const struct its_backend *b,
                                       int first, const struct its_node *n, struct its_form *in,
                                       struct its_form *out)
{
    int ins = n->in_count + !!n->add;
    for (const struct its_kernel *const *k = b->kernels + first; *k; k++) {
        for (int i = 0; i < ins; i++)
            in[i] = form_so_far(p, input_of(n, i));
        for (int i = 0; i < n->out_count; i++)
            out[i] = (struct its_form){n->out[i] ? n->out[i]->type : ITS_F32, ITS_LAYOUT_PLANES};
        if ((*k)->takes(n, in, out))
            return *k;
    }
    return NULL;
}

static int plan_node(struct its_plan *p, const struct its_backend *b, int first,
                     const struct its_node *n, struct its_error *err)
{
    int ins = n->in_count + !!n->add;
    struct its_form *form = its_arena_alloc(p->arena, (size_t)(ins + n->out_count) * sizeof(*form));
    struct its_form *in = form, *out = form + ins;
    int *slot = its_arena_alloc(p->arena, (size_t)ins * sizeof(*slot));
    const struct its_kernel *k = choose(p, b, first, n, in, out);
    if (!k)
        return its_error_set(err, ITS_EUNSUPPORTED, "node '%s': no kernel of %s runs %s", n->name,
                             b->name, n->op->name);
    for (int i = 0; i < ins; i++) /* conversions come before the step */
        slot[i] = input_of(n, i) ? want(p, input_of(n, i), in[i]) : -1;
    struct its_step *s = add_step(p, n, k, ins, n->out_count);
    for (int i = 0; i < ins; i++)
        s->in[i] = slot[i];
    for (int i = 0; i < n->out_count; i++) {
        s->out[i] = n->out[i] ? add_slot(p, n->out[i], out[i]) : -1;
        if (n->out[i])
            p->primary[n->out[i]->id] = s->out[i];
    }
    return 0;
}

static void plan_sources(struct its_plan *p, const struct its_graph *g)
{
    for (int i = 0; i < g->value_count; i++)
        p->primary[g->value[i]->id] = -1;
    for (int i = 0; i < g->value_count; i++) {
        const struct its_value *v = g->value[i];
        if (!v->data)
            continue;
        int s = add_slot(p, v, (struct its_form){v->type, ITS_LAYOUT_PLANES});
        p->slot[s].constant = v->data;
        p->primary[v->id] = s;
    }
    for (int i = 0; i < g->input_count; i++) {
        const struct its_value *v = g->input[i];
        int s = add_slot(p, v, (struct its_form){v->type, ITS_LAYOUT_PLANES});
        p->external[p->external_count++] = s;
        p->slot[s].external = p->external_count;
        p->primary[v->id] = s;
    }
}

/* Outputs lie in the caller's memory: dense as in the file, or as they come. */
static void plan_outputs(struct its_plan *p, const struct its_graph *g, bool raw)
{
    for (int i = 0; i < g->output_count; i++) {
        const struct its_value *v = g->output[i];
        enum its_dtype type = v->quant.count ? ITS_F32 : v->type;
        if (type == ITS_BF16)
            type = ITS_F32;
        struct its_form form = {type, ITS_LAYOUT_PLANES};
        if (raw)
            form.layout = form_so_far(p, v).layout;
        int s = want(p, v, form);
        if (p->slot[s].external || p->slot[s].constant)
            s = convert(p, s, form);
        p->external[p->external_count++] = s;
        p->slot[s].external = p->external_count;
    }
}

/* --- weights */

/* The step's kernel cannot after all: its node begins with the next row when it is planned anew. */
static void refuse(const struct its_plan *p, const struct its_step *s, const struct its_backend *b,
                   int *first, const struct its_error *why)
{
    its_log(ITS_LOG_WARN, "nn", "node '%s': %s: the next kernel is asked", s->node->name,
            why->text);
    for (int i = 0; i < p->graph->node_count; i++)
        if (p->graph->node[i] == s->node)
            while (b->kernels[first[i]++] != s->kernel)
                ;
}

/* 0; 1: steps were refused, and what the others prepared is for nothing; or what went wrong. */
static int prepare_steps(struct its_plan *p, const struct its_plan_settings *settings, int *first,
                         struct its_error *err)
{
    int refused = 0;
    for (int i = 0; i < p->step_count; i++) {
        struct its_step *s = &p->step[i];
        int n = s->in_count + s->out_count;
        s->in_place = its_arena_alloc(p->arena, (size_t)n * sizeof(*s->in_place));
        s->out_place = s->in_place + s->in_count;
        for (int k = 0; k < n; k++)
            s->in_place[k] = s->in[k] < 0 ? NULL : &p->slot[s->in[k]].place;
        s->threads = settings->threads;
        int rc = s->kernel->prepare ? s->kernel->prepare(s, err) : 0;
        if (rc == ITS_EUNSUPPORTED && s->node) {
            refuse(p, s, settings->backend, first, err);
            refused = 1;
        } else if (rc < 0) {
            p->step_count = i; /* what comes behind was not prepared */
            return its_error_prefix(err, "node '%s'", s->node ? s->node->name : "(conversion)");
        }
        p->weight_bytes += (size_t)round_up((int64_t)s->weight_bytes, 64);
        p->scratch_bytes = ITS_MAX(p->scratch_bytes, s->scratch_bytes);
    }
    return refused;
}

static void place_weights(struct its_plan *p)
{
    char *to = p->weights;
    for (int i = 0; i < p->step_count; i++) {
        p->step[i].weights = to;
        to += round_up((int64_t)p->step[i].weight_bytes, 64);
    }
}

static int pack_steps(struct its_plan *p, struct its_error *err)
{
    for (int i = 0; i < p->step_count; i++) {
        struct its_step *s = &p->step[i];
        bool there = p->from_cache && s->kernel->cached;
        if (s->kernel->pack && s->kernel->pack(s, there ? NULL : s->weights) < 0)
            return its_error_set(err, -ENOMEM, "cannot pack the weights of '%s'", s->node->name);
    }
    return 0;
}

/* A folder that is not there, or that nobody may write to, is a choice and no fault. */
static void save_weights(const struct its_plan *p, const struct its_plan_settings *set)
{
    int rc = its_plan_cache_save(p, set->cache, set->model);
    bool chosen = rc == -ENOENT || rc == -ENOTDIR || rc == -EACCES || rc == -EROFS || rc == -EPERM;
    if (rc < 0)
        its_log(chosen ? ITS_LOG_DEBUG : ITS_LOG_WARN, "nn", "cannot write %s: %s", set->cache,
                its_strerror(rc));
}

static int load_weights(struct its_plan *p, const struct its_plan_settings *set,
                        struct its_error *err)
{
    p->weights = its_try_aligned(ITS_MAX(p->weight_bytes, 64));
    if (!p->weights)
        return its_error_set(err, -ENOMEM, "no memory for %zu bytes of weights", p->weight_bytes);
    place_weights(p);
    bool use = set->cache && its_plan_cache_bytes(p) > 0;
    int found = use ? its_plan_cache_load(p, set->cache, set->model) : -ENOENT;
    p->from_cache = found == 0;
    int rc = pack_steps(p, err);
    if (rc < 0 || !use || p->from_cache)
        return rc;
    if (found == ITS_EDAMAGED)
        its_log(ITS_LOG_WARN, "nn", "%s is damaged or of another plan: written anew", set->cache);
    else if (found != -ENOENT)
        its_log(ITS_LOG_WARN, "nn", "cannot read %s: %s", set->cache, its_strerror(found));
    save_weights(p, set);
    return 0;
}

/* Node i asks the table from row first[i] on; refused rows raise it. 1: plan anew. */
static int make(const struct its_graph *g, const struct its_plan_settings *settings, int *first,
                struct its_plan **out, struct its_error *err)
{
    struct its_plan *p = its_malloc(sizeof(*p));
    int rc = 0;
    p->arena = its_arena_create(16 << 10);
    p->graph = g;
    p->primary = its_arena_alloc(p->arena, (size_t)g->value_count * sizeof(int));
    p->external =
        its_arena_alloc(p->arena, (size_t)(g->input_count + g->output_count) * sizeof(int));
    plan_sources(p, g);
    for (int i = 0; i < g->node_count && rc == 0; i++)
        rc = plan_node(p, settings->backend, first[i], g->node[i], err);
    if (rc == 0) {
        plan_outputs(p, g, settings->raw_outputs);
        its_plan_views(p);
        rc = prepare_steps(p, settings, first, err);
    } else {
        p->step_count = 0; /* nothing is prepared yet */
    }
    if (rc == 0)
        rc = its_plan_memory(p);
    if (rc == 0)
        rc = load_weights(p, settings, err);
    if (rc != 0)
        its_plan_destroy(&p);
    *out = p;
    return rc;
}

int its_plan_create(const struct its_graph *g, const struct its_plan_settings *settings,
                    struct its_plan **out, struct its_error *err)
{
    int *first = its_calloc((size_t)g->node_count + 1, sizeof(*first)), rc;
    do
        rc = make(g, settings, first, out, err);
    while (rc > 0);
    free(first);
    return rc;
}

void its_plan_destroy(struct its_plan **pp)
{
    struct its_plan *p = *pp;
    if (!p)
        return;
    for (int i = 0; i < p->step_count; i++)
        if (p->step[i].kernel->release)
            p->step[i].kernel->release(&p->step[i]);
    free(p->weights);
    free(p->slot);
    free(p->step);
    its_arena_destroy(&p->arena);
    free(p);
    *pp = NULL;
}

int its_plan_root(const struct its_plan *p, int slot, int64_t *at)
{
    *at = 0;
    while (p->slot[slot].base >= 0) {
        *at += p->slot[slot].base_at;
        slot = p->slot[slot].base;
    }
    return slot;
}
