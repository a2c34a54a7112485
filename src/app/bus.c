#include "app/bus.h"

#include "base/attr.h"

void its_bus_add(struct its_bus *bus, its_on_result_fn fn, void *ctx)
{
    its_assert(bus->count < ITS_BUS_MAX);
    bus->listener[bus->count].fn = fn;
    bus->listener[bus->count].ctx = ctx;
    bus->count++;
}

void its_bus_publish(const struct its_bus *bus, struct its_result *result)
{
    for (int i = 0; i < bus->count; i++)
        bus->listener[i].fn(bus->listener[i].ctx, result);
}
