/* Memory with one parent: everything allocated from an arena goes when the arena goes.
 * One thread at a time. Under ASan every piece has a poisoned fence behind it. */
#pragma once

#include <stddef.h>

#include "base/attr.h"

struct its_arena;

/* block_bytes: size of the blocks it takes from malloc; 0 = 4 KiB. */
struct its_arena *its_arena_create(size_t block_bytes);
void its_arena_destroy(struct its_arena **a);

/* Zeroed, aligned for any type. Never NULL. */
void *its_arena_alloc(struct its_arena *a, size_t bytes);
char *its_arena_strdup(struct its_arena *a, const char *s);
char *its_arena_printf(struct its_arena *a, const char *fmt, ...) ITS_PRINTF(2, 3);
