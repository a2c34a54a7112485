/* A film: the pictures of a file, one after another, decoded on the caller's thread. A photograph
 * is a film of one picture. One thread at a time. */
#pragma once

#include "base/cancel.h"
#include "base/err.h"
#include "frame/frame.h"

struct its_film;

/* Opens a clip, a photograph or a simulated scene (camera/source.h): 0, or a code with a sentence
 * for people. `cancel` may be NULL. */
int its_film_open(const char *path, struct its_cancel *cancel, struct its_film **out,
                  struct its_error *err);

/* The next picture; the reference is the caller's. ITS_EEOF after the last. What cannot be decoded
 * is passed over. */
int its_film_next(struct its_film *film, struct its_frame **out, struct its_error *err);

/* Pictures it says it holds; 0: unknown. */
uint64_t its_film_frames(const struct its_film *film);

/* Clears the pointer; a pointer to NULL is allowed. */
void its_film_close(struct its_film **film);
