/* Memory. Small fixed sizes abort when there is none; whatever outside input sizes uses the
 * `try` forms and passes -ENOMEM up. */
#pragma once

#include <stddef.h>

#include "base/attr.h"

/* Makes the C library keep less of what was freed: cameras come and go for months, and each of
 * their threads would otherwise leave memory behind in an arena of its own. The first thing in
 * main, while there is one thread. Elsewhere than in glibc it does nothing. */
void its_mem_settle(void);

/* Gives the pages back that nothing is in, wherever they lie. Takes milliseconds, in parts of which
 * other threads' allocations wait: now and then. Any thread. Elsewhere than in glibc: nothing. */
void its_mem_trim(void);

/* Zeroed. Never NULL. Free with free(). */
void *its_malloc(size_t bytes);
/* Zeroed, count * bytes with overflow check. Never NULL. */
void *its_calloc(size_t count, size_t bytes);
/* Never NULL for bytes > 0. The grown part is not zeroed. */
void *its_realloc(void *old, size_t bytes);
char *its_strdup(const char *s);

/* Zeroed; NULL when there is no memory or the product overflows. */
ITS_MUST_CHECK void *its_try_calloc(size_t count, size_t bytes);
/* Zeroed, aligned to 64 bytes (a cache line, an AVX-512 register). Free with free(). */
ITS_MUST_CHECK void *its_try_aligned(size_t bytes);
