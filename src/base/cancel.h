/* Cancellation as an object: process → camera → operation. Triggering a node triggers everything
 * below it. Handed to whatever blocks; FFmpeg's interrupt callback asks it. Thread-safe. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct its_cancel;

/* parent may be NULL. A child of a triggered parent is born triggered. The parent must outlive
 * the child. */
struct its_cancel *its_cancel_create(struct its_cancel *parent);

/* Children must be gone. Accepts a pointer to NULL; clears it. */
void its_cancel_destroy(struct its_cancel **c);

void its_cancel_trigger(struct its_cancel *c);

bool its_cancel_is_set(const struct its_cancel *c);

/* Sleeps until the monotonic time or until cancelled. True: cancelled. */
bool its_cancel_sleep_until(struct its_cancel *c, int64_t mono_us);
