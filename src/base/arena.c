#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#if defined(__SANITIZE_ADDRESS__)
#define HAVE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAVE_ASAN 1
#endif
#endif

#ifdef HAVE_ASAN
#include <sanitizer/asan_interface.h>
#define FENCE 16
#else
#define FENCE                             0
#define ASAN_POISON_MEMORY_REGION(p, n)   ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

#define ALIGN         16
#define DEFAULT_BLOCK 4096

struct block {
    struct block *next;
    size_t size, used;
    _Alignas(ALIGN) unsigned char data[];
};

struct its_arena {
    size_t block_bytes;
    struct block *blocks; /* the newest first: the only one with room */
};

struct its_arena *its_arena_create(size_t block_bytes)
{
    struct its_arena *a = its_malloc(sizeof(*a));
    a->block_bytes = block_bytes ? block_bytes : DEFAULT_BLOCK;
    return a;
}

void its_arena_destroy(struct its_arena **pa)
{
    struct its_arena *a = *pa;
    if (!a)
        return;
    *pa = NULL;
    while (a->blocks) {
        struct block *b = a->blocks;
        a->blocks = b->next;
        ASAN_UNPOISON_MEMORY_REGION(b->data, b->size);
        free(b);
    }
    free(a);
}

void *its_arena_alloc(struct its_arena *a, size_t bytes)
{
    its_assert(bytes < SIZE_MAX / 2);
    size_t need = ((bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1)) + FENCE;
    struct block *b = a->blocks;
    if (!b || b->size - b->used < need) {
        size_t size = ITS_MAX(a->block_bytes, need);
        b = its_malloc(sizeof(*b) + size);
        b->size = size;
        b->next = a->blocks;
        a->blocks = b;
        ASAN_POISON_MEMORY_REGION(b->data, b->size);
    }
    void *p = b->data + b->used;
    b->used += need;
    ASAN_UNPOISON_MEMORY_REGION(p, bytes);
    return p;
}

char *its_arena_strdup(struct its_arena *a, const char *s)
{
    size_t n = strlen(s) + 1;
    return memcpy(its_arena_alloc(a, n), s, n);
}

char *its_arena_printf(struct its_arena *a, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    its_assert(n >= 0);
    char *s = its_arena_alloc(a, (size_t)n + 1);
    vsnprintf(s, (size_t)n + 1, fmt, again);
    va_end(again);
    return s;
}
