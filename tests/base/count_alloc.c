#include "tests/base/count_alloc.h"

#include <stddef.h>

_Atomic bool counting;
_Atomic uint64_t calls;

void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t n);
void *__real_realloc(void *old, size_t n);
void *__real_aligned_alloc(size_t align, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t n);
void *__wrap_realloc(void *old, size_t n);
void *__wrap_aligned_alloc(size_t align, size_t n);

void *__wrap_malloc(size_t n)
{
    calls += counting;
    return __real_malloc(n);
}

void *__wrap_calloc(size_t count, size_t n)
{
    calls += counting;
    return __real_calloc(count, n);
}

void *__wrap_realloc(void *old, size_t n)
{
    calls += counting;
    return __real_realloc(old, n);
}

void *__wrap_aligned_alloc(size_t align, size_t n)
{
    calls += counting;
    return __real_aligned_alloc(align, n);
}
