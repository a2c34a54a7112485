/* Running a plan: every step bound to its addresses once, then called in order.
 *
 * External buffers may move between runs (the pictures of a batch); the pointers of the steps that
 * touch them are patched when they do. */
#include "nn/plan.h"

#include <stdlib.h>
#include <time.h>

#include "base/mem.h"

/* A pointer of a step into an external buffer. */
struct patch {
    const void **at;
    int external;
    int64_t offset; /* bytes */
};

struct its_context {
    const struct its_plan *plan;
    char *block, *scratch;
    void **external;
    struct its_bound *bound;
    int bound_count; /* those that were bound */
    int patch_count;
    struct patch *patch;
    const void **pointers;
};

static const void *address(const struct its_context *c, int slot, struct patch *patch)
{
    const struct its_plan *p = c->plan;
    int64_t at;
    const struct its_slot *root = &p->slot[its_plan_root(p, slot, &at)];
    at *= (int64_t)its_dtype_bytes(root->form.type);
    if (root->constant)
        return (const char *)root->constant + at;
    if (!root->external)
        return c->block + root->at + at;
    patch->external = root->external - 1;
    patch->offset = at;
    return NULL;
}

static void place_pointers(struct its_context *c, struct its_bound *b, const void **to)
{
    const struct its_step *s = b->step;
    b->in = to;
    b->out = (void **)(to + s->in_count);
    for (int k = 0; k < s->in_count + s->out_count; k++) {
        struct patch patch = {.at = &to[k], .external = -1};
        to[k] = s->in[k] < 0 ? NULL : address(c, s->in[k], &patch);
        if (patch.external >= 0)
            c->patch[c->patch_count++] = patch;
    }
}

static int bind_steps(struct its_context *c)
{
    const struct its_plan *p = c->plan;
    const void **to = c->pointers;
    for (int i = 0; i < p->step_count; i++) {
        struct its_bound *b = &c->bound[i];
        b->step = &p->step[i];
        b->scratch = c->scratch;
        place_pointers(c, b, to);
        to += b->step->in_count + b->step->out_count;
        int rc = b->step->kernel->bind ? b->step->kernel->bind(b) : 0;
        if (rc < 0)
            return rc;
        c->bound_count = i + 1;
    }
    return 0;
}

int its_context_create(const struct its_plan *p, struct its_context **out)
{
    struct its_context *c = its_malloc(sizeof(*c));
    size_t pointers = 0;
    for (int i = 0; i < p->step_count; i++)
        pointers += (size_t)(p->step[i].in_count + p->step[i].out_count);
    c->plan = p;
    c->bound = its_calloc((size_t)p->step_count + 1, sizeof(*c->bound));
    c->pointers = its_calloc(pointers + 1, sizeof(*c->pointers));
    c->patch = its_calloc(pointers + 1, sizeof(*c->patch));
    c->external = its_calloc((size_t)p->external_count + 1, sizeof(*c->external));
    c->block = its_try_aligned(p->block_bytes + p->scratch_bytes + 64);
    c->scratch = c->block ? c->block + p->block_bytes : NULL;
    int rc = c->block ? bind_steps(c) : -ENOMEM;
    if (rc < 0)
        its_context_destroy(&c);
    *out = c;
    return rc;
}

void its_context_destroy(struct its_context **cc)
{
    struct its_context *c = *cc;
    if (!c)
        return;
    for (int i = 0; i < c->bound_count; i++)
        if (c->bound[i].step->kernel->unbind)
            c->bound[i].step->kernel->unbind(&c->bound[i]);
    free(c->block);
    free(c->external);
    free(c->patch);
    free(c->pointers);
    free(c->bound);
    free(c);
    *cc = NULL;
}

void its_context_place(struct its_context *c, int index, void *data)
{
    if (c->external[index] == data)
        return;
    c->external[index] = data;
    for (int i = 0; i < c->patch_count; i++)
        if (c->patch[i].external == index)
            *c->patch[i].at = (char *)data + c->patch[i].offset;
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

int its_context_run(struct its_context *c, double *ms)
{
    double begin = ms ? now_ms() : 0;
    for (int i = 0; i < c->bound_count; i++) {
        int rc = c->bound[i].step->kernel->run(&c->bound[i]);
        if (rc < 0)
            return rc;
        if (ms) {
            double end = now_ms();
            ms[i] = end - begin;
            begin = end;
        }
    }
    return 0;
}
