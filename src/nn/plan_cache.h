/* Compiled plans on disk: packed weights of a plan, so that a restart need not pack them again.
 *
 * Only of kernels that allow it (its_kernel.cached): numbers, and nothing that a kernel obeys. The
 * file is named after model, machine, precision and size, and begins with an identity that covers
 * all that the packing depends on: this format, program and library versions, processor, the
 * model's bytes and precision, and every step with its kernel, attributes, shapes and sizes. A file
 * that differs in any of it, is cut or damaged, or is not a plain file of this user's, is not used.
 * Written to a temporary name and renamed, so that readers see all of it or nothing. */
#pragma once

#include "nn/plan.h"

/* Bytes of weights that a file of the plan has; 0: there is no point in one. */
size_t its_plan_cache_bytes(const struct its_plan *p);

/* Fills the weights of the steps that are cached; the steps know their places. `model` names the
 * model's bytes and the precision. 0; -ENOENT: no file; ITS_EDAMAGED: not of this plan, damaged, or
 * not ours; other negative errno: it cannot be read. */
int its_plan_cache_load(const struct its_plan *p, const char *path, const char *model);

/* 0 or negative errno; then nothing was left behind. Plans of the same model's bytes that other
 * versions or machines wrote into the folder go. */
int its_plan_cache_save(const struct its_plan *p, const char *path, const char *model);

/* DIR/SHA256-MACHINE-KIND-WxHxT.plan; kind: precision and what else makes another plan of the same
 * file. 0 or -ENAMETOOLONG. */
int its_plan_cache_path(char *path, size_t bytes, const char *dir, const char *sha256,
                        const char *kind, int w, int h, int threads);
