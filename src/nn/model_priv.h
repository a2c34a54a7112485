/* What networks see of a model. Private to nn/. */
#pragma once

#include "nn/graph.h"
#include "nn/model.h"

/* The file's graph, not bound to a size (its_graph_bind). Belongs to the model. */
const struct its_graph *its_model_graph(const struct its_model *m);
