/* Writes a quantised copy of an ONNX file in the usual form: tensors that eight bits shall stand
 * for get a QuantizeLinear and a DequantizeLinear behind them, convolutions read their weights
 * through a DequantizeLinear. Any runtime that knows QDQ files runs the result.
 *
 * Everything else in the file stays as it was. One thread. */
#pragma once

#include <stdint.h>

#include "base/err.h"

/* Scales per channel came with this version of the operators. */
#define ITS_QDQ_OPSET_MIN 13

/* An activation: all its readers will read it through eight bits, real = (q - zero) * scale. */
struct its_qdq_tensor {
    const char *name;
    float scale;
    int32_t zero; /* 0..255 */
};

/* A convolution whose weights are integers: real = q * scale[output channel]. */
struct its_qdq_conv {
    const char *name;      /* of the node */
    const int8_t *weights; /* as many as the node's weights, in their order */
    const float *scale;    /* per output channel */
    const float *bias;     /* per output channel; NULL: as it was (or none) */
    float input_scale;     /* of the tensor it reads: the bias is counted in steps of both scales */
};

struct its_qdq_edit {
    const struct its_qdq_tensor *tensors;
    int tensor_count;
    const struct its_qdq_conv *convs;
    int conv_count;
    const char *note; /* kept in the file's metadata under "its.quantised"; NULL: none */
};

/* Reads `from`, writes `to` (into a file beside it first, so that no half of one is ever seen).
 * Every name in the edit must be in the file. */
int its_qdq_write(const char *from, const char *to, const struct its_qdq_edit *edit,
                  struct its_error *err);
