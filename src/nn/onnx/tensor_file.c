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
        ProtobufCMessage *m;
        rc = its_onnx_message_read(&onnx__tensor_proto__descriptor, bytes, size, &m, err);
        free(bytes);
        Onnx__TensorProto *t = (Onnx__TensorProto *)m;
        if (rc == 0)
            rc = its_onnx_tensor_add(g, t->name, t, out, err);
        its_onnx_message_free(m);
    }
    if (rc)
        its_error_prefix(err, "%s", path);
    return rc;
}
