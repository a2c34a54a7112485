#include "nn/onnx/tensor_file.h"

#include <stdlib.h>

#include "nn/onnx/message.h"
#include "nn/onnx/tensor.h"

int its_onnx_tensor_file_read(const char *path, struct its_graph *g, struct its_value **out,
                              struct its_error *err)
{
    uint8_t *bytes;
    size_t size;
    int rc = its_onnx_file_read(path, &bytes, &size, err);
    if (rc == 0) {
        Onnx__TensorProto *t = (Onnx__TensorProto *)its_onnx_message_read(
            &onnx__tensor_proto__descriptor, bytes, size, err);
        free(bytes);
        rc = t ? its_onnx_tensor_add(g, t->name, t, out, err) : ITS_EDAMAGED;
        its_onnx_message_free((ProtobufCMessage *)t);
    }
    if (rc)
        its_error_prefix(err, "%s", path);
    return rc;
}
