/* Which detector a graph is, read off its last nodes. Private to nn/. */
#pragma once

#include "nn/bind.h"
#include "nn/graph.h"
#include "nn/model.h"

/* The head of an inferred graph that was bound to its native size; *classes is 0 where they cannot
 * be told (and always for ITS_HEAD_NONE). */
enum its_head its_head_recognise(const struct its_graph *g, const struct its_native *native,
                                 int *classes);
