/* Memory between two pages that may not be touched: a kernel that reads or writes one byte beyond
 * its buffer on that side dies at once, with or without a sanitizer. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct guarded {
    uint8_t *at; /* `bytes` of them */
    size_t bytes;
    uint8_t *map;
    size_t map_bytes;
};

enum guarded_end { GUARDED_FRONT, GUARDED_BACK };

/* Touches the forbidden page at that end; the gap at the other end is filled with a pattern. At
 * the back the address is as aligned as bytes are. */
void guarded_init(struct guarded *g, size_t bytes, enum guarded_end end);
/* Fails the test when the pattern was written to. */
void guarded_check(const struct guarded *g);
void guarded_fini(struct guarded *g);
