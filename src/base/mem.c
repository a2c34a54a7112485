#include "base/mem.h"

#include <features.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

/* Pictures and everything else of this size goes back to the system when it is freed, instead of
 * leaving a hole that the next camera's do not fit into. */
#define MAP_BYTES (256 * 1024)
/* So much at the end of an arena is kept: the ups and downs of a few frames. */
#define KEEP_BYTES (1024 * 1024)

void its_mem_settle(void)
{
#ifdef __GLIBC__
    /* The library's own choice is eight a core; more than one a core never allocate at once. */
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    mallopt(M_ARENA_MAX, cores > 2 ? (int)cores : 2);
    mallopt(M_MMAP_THRESHOLD, MAP_BYTES);
    mallopt(M_TRIM_THRESHOLD, KEEP_BYTES);
#endif
}

void its_mem_trim(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

static void *must(void *p, size_t bytes)
{
    if (!p && bytes) {
        fprintf(stderr, "out of memory (%zu bytes)\n", bytes);
        abort();
    }
    return p;
}

void *its_malloc(size_t bytes)
{
    return must(calloc(1, bytes), bytes);
}

void *its_calloc(size_t count, size_t bytes)
{
    return must(calloc(count, bytes), count && bytes ? 1 : 0);
}

void *its_realloc(void *old, size_t bytes)
{
    return must(realloc(old, bytes), bytes);
}

char *its_strdup(const char *s)
{
    size_t n = strlen(s) + 1;
    char *copy = must(malloc(n), n);
    memcpy(copy, s, n);
    return copy;
}

void *its_try_calloc(size_t count, size_t bytes)
{
    return calloc(count, bytes);
}

void *its_try_aligned(size_t bytes)
{
    if (bytes > SIZE_MAX - 63)
        return NULL;
    size_t rounded = (bytes + 63) & ~(size_t)63;
    void *p = aligned_alloc(64, rounded);
    if (p)
        memset(p, 0, rounded);
    return p;
}
