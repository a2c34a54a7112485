#include "guarded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <sys/mman.h>

#include <cmocka.h>

#define PAGE    4096
#define PATTERN 0xa5

void guarded_init(struct guarded *g, size_t bytes, enum guarded_end end)
{
    size_t inner = (bytes + PAGE - 1) / PAGE * PAGE;
    g->bytes = bytes;
    g->map_bytes = inner + 2 * PAGE;
    g->map = mmap(NULL, g->map_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(g->map != MAP_FAILED);
    memset(g->map, PATTERN, g->map_bytes);
    assert_int_equal(mprotect(g->map, PAGE, PROT_NONE), 0);
    assert_int_equal(mprotect(g->map + PAGE + inner, PAGE, PROT_NONE), 0);
    g->at = end == GUARDED_FRONT ? g->map + PAGE : g->map + PAGE + inner - bytes;
}

void guarded_check(const struct guarded *g)
{
    const uint8_t *end = g->map + g->map_bytes - PAGE;
    for (const uint8_t *p = g->map + PAGE; p < end; p++)
        if (p < g->at || p >= g->at + g->bytes)
            if (*p != PATTERN)
                fail_msg("byte %td of %zu was written", p - g->at, g->bytes);
}

void guarded_fini(struct guarded *g)
{
    munmap(g->map, g->map_bytes);
}
