/* Compiled plans on disk: the packed weights of a plan, so that a restart need not pack them again.
 *
 * The file is named after model, machine, precision and size, and begins with an identity that
 * covers all that the packing depends on: program and library versions, processor, and every step
 * with its kernel, shapes and sizes. A file that differs in any of it, is cut or damaged is not
 * used. Written to a temporary name and renamed, so that readers see all of it or nothing. */
#pragma once

#include "nn/plan.h"

/* Fills p->weights. 0; -ENOENT: no file; ITS_EDAMAGED: not of this plan, or damaged. */
int its_plan_cache_load(const struct its_plan *p, const char *path);

/* 0 or negative errno; then nothing was left behind. */
int its_plan_cache_save(const struct its_plan *p, const char *path);

/* DIR/SHA256-MACHINE-KIND-WxHxT.plan; kind: precision and what else makes another plan of the same
 * file. Returns path. */
const char *its_plan_cache_path(char *path, size_t bytes, const char *dir, const char *sha256,
                                const char *kind, int w, int h, int threads);
