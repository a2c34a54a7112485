#include "traffic/result.h"

#include "base/pool.h"

struct its_result *its_result_ref(struct its_result *r)
{
    its_ref_get(&r->ref);
    return r;
}

void its_result_unref(struct its_result **pr)
{
    struct its_result *r = *pr;
    if (!r)
        return;
    *pr = NULL;
    if (its_ref_put(&r->ref))
        its_pool_give(r);
}
