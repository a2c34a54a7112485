/* A directory of its own for a test, with paths in it, and shapes of records to put. */
#pragma once

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/store.h"

struct temp {
    char dir[64], path[96], journal[112]; /* path: of the database */
};

static inline struct temp temp_make(void)
{
    struct temp t;
    snprintf(t.dir, sizeof(t.dir), "/tmp/its-store-XXXXXX");
    if (!mkdtemp(t.dir))
        abort();
    snprintf(t.path, sizeof(t.path), "%s/its.db", t.dir);
    snprintf(t.journal, sizeof(t.journal), "%s.journal", t.path);
    return t;
}

static inline int temp_remove_one(const char *path, const struct stat *st, int flag,
                                  struct FTW *where)
{
    (void)st, (void)flag, (void)where;
    return remove(path);
}

static inline void temp_remove(const struct temp *t)
{
    nftw(t->dir, temp_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Car number n crosses line "gate" of "cam-1" at that wall time. */
static inline struct its_store_event temp_event(uint64_t n, int64_t capture_us)
{
    return (struct its_store_event){
        .camera = "cam-1",
        .crossing = {.line = "gate",
                     .line_revision = 1,
                     .direction = n % 2 ? ITS_BACKWARD : ITS_FORWARD,
                     .cls = n % 3 ? ITS_CLASS_CAR : ITS_CLASS_TRUCK,
                     .track = n,
                     .frame = n,
                     .time_us = (int64_t)n * 1000,
                     .capture_us = capture_us,
                     .score = 0.5f,
                     .at = {1, 2}},
        .arrived_us = capture_us,
    };
}
