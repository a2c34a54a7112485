/* Who gets to see results. Fixed before the first frame; called on the lane of the camera, so a
 * listener must not block. */
#pragma once

#include "traffic/result.h"

#define ITS_BUS_MAX 8

/* The result is borrowed: take a reference to keep it. */
typedef void (*its_on_result_fn)(void *ctx, struct its_result *result);

struct its_bus {
    int count;
    struct {
        its_on_result_fn fn;
        void *ctx;
    } listener[ITS_BUS_MAX];
};

void its_bus_add(struct its_bus *bus, its_on_result_fn fn, void *ctx);
void its_bus_publish(const struct its_bus *bus, struct its_result *result);
