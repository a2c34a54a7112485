/* A plan: a graph turned into steps over one block of memory.
 *
 * Every value gets slots: places in memory, one per form (layout and type) that somebody wants.
 * The parts of a concat or a split lie inside one slot where they can, so nothing is copied;
 * slots whose lives do not overlap share their bytes. Plans are for one picture (batch 1): a batch
 * is run picture by picture, by one context or several. Immutable once made, any number of
 * contexts in any threads may run it; it refers to graph and file, which must outlive it. */
#pragma once

#include "nn/kernel.h"

struct its_slot {
    const struct its_value *value;
    struct its_form form;
    struct its_place place;
    int base;             /* the slot it is a part of; -1: it has memory of its own */
    int64_t base_at;      /* elements into that */
    int external;         /* 1 + index of the caller's buffer it lies in; 0: in the block */
    const void *constant; /* dense data of a constant, else NULL */
    int first, last;      /* steps that write it first and read it last, parts included */
    size_t at;            /* bytes into the block */
    size_t bytes;
};

struct its_plan {
    struct its_arena *arena;
    const struct its_graph *graph;
    int slot_count, slot_max;
    struct its_slot *slot;
    int step_count, step_max;
    struct its_step *step;
    int *primary;       /* by value id: the slot its node writes; -1 none */
    int external_count; /* inputs in the graph's order, then outputs */
    int *external;      /* their slots */
    size_t block_bytes, scratch_bytes, weight_bytes;
    void *weights;
    bool from_cache; /* the weights came from the file */
};

struct its_plan_settings {
    const struct its_backend *backend;
    int threads;
    bool raw_outputs;  /* outputs keep the form in which they come out */
    const char *cache; /* file of packed weights to use or write; NULL: none */
    const char *model; /* names the weights (hash, precision): part of the cache's identity */
};

/* Where a value lies, dense, in that form. */
struct its_place its_place_of(const struct its_value *v, struct its_form form);

/* The graph is bound to batch 1 and has been through the passes. On failure *out is NULL. */
int its_plan_create(const struct its_graph *g, const struct its_plan_settings *settings,
                    struct its_plan **out, struct its_error *err);
void its_plan_destroy(struct its_plan **p);

/* Elements from the start of the slot's own root to it, and that root. */
int its_plan_root(const struct its_plan *p, int slot, int64_t *at);

/* Appends a table of the steps; ms: their times, or NULL. */
struct its_str;
void its_plan_print(const struct its_plan *p, const double *ms, struct its_str *out);

/* The parts of its making, in this order. */
void its_plan_views(struct its_plan *p); /* plan_views.c: concats and splits become parts */
int its_plan_memory(struct its_plan *p); /* plan_memory.c: lives, offsets, the block's size */

/* A plan at its addresses: one block of activations, one run at a time. */
struct its_context;

int its_context_create(const struct its_plan *p, struct its_context **out);
void its_context_destroy(struct its_context **c);
/* Where external buffer `index` lies for the next run. 64-byte aligned. */
void its_context_place(struct its_context *c, int index, void *data);
/* 0, or the negative code of the step that failed. ms: per step, or NULL. */
int its_context_run(struct its_context *c, double *ms);
