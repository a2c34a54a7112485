/* The table of operators. See op.h.
 *
 * Sorted by name, then by version. A row holds for the opset versions whose meaning it has: the
 * first is where the operator came to mean this, the last the newest we have read the standard
 * for. Versions that only allow more types share a row. */
#include "nn/op.h"

#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "nn/infer.h"
#include "nn/ref/ops.h"

#define ATTRS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NO_ATTRS   ((const char *const[]){NULL})
/* name, opset from, to, inputs at least, at most, outputs at least, at most, attributes, inference,
 * reference. */
#define ROW(name, since, until, in_min, in_max, out_min, out_max, attrs, infer, run)               \
    {                                                                                              \
        name, "", since, until, in_min, in_max, out_min, out_max, attrs, its_infer_##infer,        \
            its_ref_##run                                                                          \
    }

static const struct its_op table[] = {
    ROW("Abs", 6, 20, 1, 1, 1, 1, NO_ATTRS, number, abs),
    ROW("Add", 7, 20, 2, 2, 1, 1, NO_ATTRS, arithmetic, add),
    ROW("And", 7, 20, 2, 2, 1, 1, NO_ATTRS, logic, and),
    ROW("ArgMax", 1, 11, 1, 1, 1, 1, ATTRS("axis", "keepdims"), arg, arg_max),
    ROW("ArgMax", 12, 20, 1, 1, 1, 1, ATTRS("axis", "keepdims", "select_last_index"), arg, arg_max),
    ROW("ArgMin", 1, 11, 1, 1, 1, 1, ATTRS("axis", "keepdims"), arg, arg_min),
    ROW("ArgMin", 12, 20, 1, 1, 1, 1, ATTRS("axis", "keepdims", "select_last_index"), arg, arg_min),
    ROW("AveragePool", 7, 20, 1, 1, 1, 1,
        ATTRS("auto_pad", "ceil_mode", "count_include_pad", "dilations", "kernel_shape", "pads",
              "strides"),
        pool, average_pool),
    ROW("BatchNormalization", 9, 13, 5, 5, 1, 1, ATTRS("epsilon", "momentum"), norm, batch_norm),
    ROW("BatchNormalization", 14, 20, 5, 5, 1, 1, ATTRS("epsilon", "momentum", "training_mode"),
        norm, batch_norm),
    ROW("Cast", 6, 18, 1, 1, 1, 1, ATTRS("to"), cast, cast),
    ROW("Cast", 19, 20, 1, 1, 1, 1, ATTRS("saturate", "to"), cast, cast),
    ROW("Ceil", 6, 20, 1, 1, 1, 1, NO_ATTRS, float, ceil),
    ROW("Clip", 11, 20, 1, 3, 1, 1, NO_ATTRS, clip, clip),
    ROW("Concat", 4, 20, 1, -1, 1, 1, ATTRS("axis"), concat, concat),
    ROW("Constant", 1, 11, 0, 0, 1, 1, ATTRS("value"), constant, constant),
    ROW("Constant", 12, 20, 0, 0, 1, 1,
        ATTRS("value", "value_float", "value_floats", "value_int", "value_ints"), constant,
        constant),
    ROW("ConstantOfShape", 9, 20, 1, 1, 1, 1, ATTRS("value"), constant_of_shape, constant_of_shape),
    ROW("Conv", 1, 20, 2, 3, 1, 1,
        ATTRS("auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"), conv, conv),
    ROW("ConvInteger", 10, 20, 2, 4, 1, 1,
        ATTRS("auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"), conv_integer,
        conv_integer),
    ROW("ConvTranspose", 1, 20, 2, 3, 1, 1,
        ATTRS("auto_pad", "dilations", "group", "kernel_shape", "output_padding", "output_shape",
              "pads", "strides"),
        conv_transposed, conv_transposed),
    ROW("Cos", 7, 20, 1, 1, 1, 1, NO_ATTRS, float, cos),
    ROW("DepthToSpace", 1, 20, 1, 1, 1, 1, ATTRS("blocksize", "mode"), depth_to_space,
        depth_to_space),
    ROW("DequantizeLinear", 10, 12, 2, 3, 1, 1, NO_ATTRS, dequantize, dequantize),
    ROW("DequantizeLinear", 13, 20, 2, 3, 1, 1, ATTRS("axis"), dequantize, dequantize),
    ROW("Div", 7, 20, 2, 2, 1, 1, NO_ATTRS, arithmetic, div),
    ROW("Dropout", 7, 11, 1, 1, 1, 2, ATTRS("ratio"), dropout, dropout),
    ROW("Dropout", 12, 20, 1, 3, 1, 2, ATTRS("seed"), dropout, dropout),
    ROW("DynamicQuantizeLinear", 11, 20, 1, 1, 3, 3, NO_ATTRS, dynamic_quantize, dynamic_quantize),
    ROW("Elu", 6, 20, 1, 1, 1, 1, ATTRS("alpha"), float, elu),
    ROW("Equal", 7, 20, 2, 2, 1, 1, NO_ATTRS, equal, equal),
    ROW("Erf", 9, 20, 1, 1, 1, 1, NO_ATTRS, float, erf),
    ROW("Exp", 6, 20, 1, 1, 1, 1, NO_ATTRS, float, exp),
    ROW("Expand", 8, 20, 2, 2, 1, 1, NO_ATTRS, expand, expand),
    ROW("Flatten", 1, 20, 1, 1, 1, 1, ATTRS("axis"), flatten, identity),
    ROW("Floor", 6, 20, 1, 1, 1, 1, NO_ATTRS, float, floor),
    ROW("Gather", 1, 20, 2, 2, 1, 1, ATTRS("axis"), gather, gather),
    ROW("GatherElements", 11, 20, 2, 2, 1, 1, ATTRS("axis"), gather_elements, gather_elements),
    ROW("GatherND", 11, 11, 2, 2, 1, 1, NO_ATTRS, gather_nd, gather_nd),
    ROW("GatherND", 12, 20, 2, 2, 1, 1, ATTRS("batch_dims"), gather_nd, gather_nd),
    ROW("Gelu", 20, 20, 1, 1, 1, 1, ATTRS("approximate"), float, gelu),
    ROW("Gemm", 7, 20, 2, 3, 1, 1, ATTRS("alpha", "beta", "transA", "transB"), gemm, gemm),
    ROW("GlobalAveragePool", 1, 20, 1, 1, 1, 1, NO_ATTRS, global_pool, global_average_pool),
    ROW("GlobalMaxPool", 1, 20, 1, 1, 1, 1, NO_ATTRS, global_pool, global_max_pool),
    ROW("Greater", 7, 20, 2, 2, 1, 1, NO_ATTRS, compare, greater),
    ROW("GreaterOrEqual", 12, 20, 2, 2, 1, 1, NO_ATTRS, compare, greater_equal),
    ROW("HardSigmoid", 6, 20, 1, 1, 1, 1, ATTRS("alpha", "beta"), float, hard_sigmoid),
    ROW("HardSwish", 14, 20, 1, 1, 1, 1, NO_ATTRS, float, hard_swish),
    ROW("Identity", 1, 20, 1, 1, 1, 1, NO_ATTRS, same, identity),
    ROW("LeakyRelu", 6, 20, 1, 1, 1, 1, ATTRS("alpha"), float, leaky_relu),
    ROW("Less", 7, 20, 2, 2, 1, 1, NO_ATTRS, compare, less),
    ROW("LessOrEqual", 12, 20, 2, 2, 1, 1, NO_ATTRS, compare, less_equal),
    ROW("Log", 6, 20, 1, 1, 1, 1, NO_ATTRS, float, log),
    ROW("LogSoftmax", 1, 12, 1, 1, 1, 1, ATTRS("axis"), softmax, log_softmax_flat),
    ROW("LogSoftmax", 13, 20, 1, 1, 1, 1, ATTRS("axis"), softmax, log_softmax),
    ROW("MatMul", 1, 20, 2, 2, 1, 1, NO_ATTRS, matmul, matmul),
    ROW("MatMulInteger", 10, 20, 2, 4, 1, 1, NO_ATTRS, matmul_integer, matmul_integer),
    ROW("Max", 8, 20, 1, -1, 1, 1, NO_ATTRS, many, max),
    ROW("MaxPool", 1, 20, 1, 1, 1, 2,
        ATTRS("auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "storage_order",
              "strides"),
        pool, max_pool),
    ROW("Mean", 8, 20, 1, -1, 1, 1, NO_ATTRS, many_float, mean),
    ROW("Min", 8, 20, 1, -1, 1, 1, NO_ATTRS, many, min),
    ROW("Mish", 18, 20, 1, 1, 1, 1, NO_ATTRS, float, mish),
    ROW("Mod", 10, 20, 2, 2, 1, 1, ATTRS("fmod"), mod, mod),
    ROW("Mul", 7, 20, 2, 2, 1, 1, NO_ATTRS, arithmetic, mul),
    ROW("Neg", 6, 20, 1, 1, 1, 1, NO_ATTRS, number, neg),
    ROW("Not", 1, 20, 1, 1, 1, 1, NO_ATTRS, bool, not ),
    ROW("Or", 7, 20, 2, 2, 1, 1, NO_ATTRS, logic, or),
    ROW("PRelu", 7, 20, 2, 2, 1, 1, NO_ATTRS, prelu, prelu),
    ROW("Pad", 11, 17, 2, 3, 1, 1, ATTRS("mode"), pad, pad),
    ROW("Pad", 18, 18, 2, 4, 1, 1, ATTRS("mode"), pad, pad),
    ROW("Pad", 19, 20, 2, 4, 1, 1, ATTRS("mode"), pad, pad),
    ROW("Pow", 7, 20, 2, 2, 1, 1, NO_ATTRS, pow, pow),
    ROW("QuantizeLinear", 10, 12, 2, 3, 1, 1, NO_ATTRS, quantize, quantize),
    ROW("QuantizeLinear", 13, 18, 2, 3, 1, 1, ATTRS("axis"), quantize, quantize),
    ROW("QuantizeLinear", 19, 20, 2, 3, 1, 1, ATTRS("axis", "saturate"), quantize, quantize),
    ROW("Range", 11, 20, 3, 3, 1, 1, NO_ATTRS, range, range),
    ROW("Reciprocal", 6, 20, 1, 1, 1, 1, NO_ATTRS, float, reciprocal),
    ROW("ReduceL2", 1, 17, 1, 1, 1, 1, ATTRS("axes", "keepdims"), reduce, reduce_l2),
    ROW("ReduceL2", 18, 20, 1, 2, 1, 1, ATTRS("keepdims", "noop_with_empty_axes"), reduce,
        reduce_l2),
    ROW("ReduceMax", 1, 17, 1, 1, 1, 1, ATTRS("axes", "keepdims"), reduce_number, reduce_max),
    ROW("ReduceMax", 18, 20, 1, 2, 1, 1, ATTRS("keepdims", "noop_with_empty_axes"), reduce_number,
        reduce_max),
    ROW("ReduceMean", 1, 17, 1, 1, 1, 1, ATTRS("axes", "keepdims"), reduce, reduce_mean),
    ROW("ReduceMean", 18, 20, 1, 2, 1, 1, ATTRS("keepdims", "noop_with_empty_axes"), reduce,
        reduce_mean),
    ROW("ReduceMin", 1, 17, 1, 1, 1, 1, ATTRS("axes", "keepdims"), reduce_number, reduce_min),
    ROW("ReduceMin", 18, 20, 1, 2, 1, 1, ATTRS("keepdims", "noop_with_empty_axes"), reduce_number,
        reduce_min),
    ROW("ReduceProd", 1, 17, 1, 1, 1, 1, ATTRS("axes", "keepdims"), reduce, reduce_prod),
    ROW("ReduceProd", 18, 20, 1, 2, 1, 1, ATTRS("keepdims", "noop_with_empty_axes"), reduce,
        reduce_prod),
    ROW("ReduceSum", 1, 12, 1, 1, 1, 1, ATTRS("axes", "keepdims"), reduce, reduce_sum),
    ROW("ReduceSum", 13, 20, 1, 2, 1, 1, ATTRS("keepdims", "noop_with_empty_axes"), reduce,
        reduce_sum),
    ROW("Relu", 6, 20, 1, 1, 1, 1, NO_ATTRS, number, relu),
    ROW("Reshape", 5, 13, 2, 2, 1, 1, NO_ATTRS, reshape, identity),
    ROW("Reshape", 14, 20, 2, 2, 1, 1, ATTRS("allowzero"), reshape, identity),
    ROW("Resize", 11, 17, 1, 4, 1, 1,
        ATTRS("coordinate_transformation_mode", "cubic_coeff_a", "exclude_outside",
              "extrapolation_value", "mode", "nearest_mode"),
        resize, resize),
    ROW("Resize", 18, 20, 1, 4, 1, 1,
        ATTRS("antialias", "axes", "coordinate_transformation_mode", "cubic_coeff_a",
              "exclude_outside", "extrapolation_value", "keep_aspect_ratio_policy", "mode",
              "nearest_mode"),
        resize, resize),
    ROW("Round", 11, 20, 1, 1, 1, 1, NO_ATTRS, float, round),
    ROW("ScatterND", 11, 15, 3, 3, 1, 1, NO_ATTRS, scatter_nd, scatter_nd),
    ROW("ScatterND", 16, 20, 3, 3, 1, 1, ATTRS("reduction"), scatter_nd, scatter_nd),
    ROW("Shape", 1, 14, 1, 1, 1, 1, NO_ATTRS, shape, shape),
    ROW("Shape", 15, 20, 1, 1, 1, 1, ATTRS("end", "start"), shape, shape),
    ROW("Sigmoid", 6, 20, 1, 1, 1, 1, NO_ATTRS, float, sigmoid),
    ROW("Sign", 9, 20, 1, 1, 1, 1, NO_ATTRS, number, sign),
    ROW("Sin", 7, 20, 1, 1, 1, 1, NO_ATTRS, float, sin),
    ROW("Size", 1, 20, 1, 1, 1, 1, NO_ATTRS, size, size),
    ROW("Slice", 10, 20, 3, 5, 1, 1, NO_ATTRS, slice, slice),
    ROW("Softmax", 1, 12, 1, 1, 1, 1, ATTRS("axis"), softmax, softmax_flat),
    ROW("Softmax", 13, 20, 1, 1, 1, 1, ATTRS("axis"), softmax, softmax),
    ROW("Softplus", 1, 20, 1, 1, 1, 1, NO_ATTRS, float, softplus),
    ROW("Softsign", 1, 20, 1, 1, 1, 1, NO_ATTRS, float, softsign),
    ROW("SpaceToDepth", 1, 20, 1, 1, 1, 1, ATTRS("blocksize"), space_to_depth, space_to_depth),
    ROW("Split", 2, 12, 1, 1, 1, -1, ATTRS("axis", "split"), split, split),
    ROW("Split", 13, 17, 1, 2, 1, -1, ATTRS("axis"), split, split),
    ROW("Split", 18, 20, 1, 2, 1, -1, ATTRS("axis", "num_outputs"), split, split),
    ROW("Sqrt", 6, 20, 1, 1, 1, 1, NO_ATTRS, float, sqrt),
    ROW("Squeeze", 1, 12, 1, 1, 1, 1, ATTRS("axes"), squeeze, identity),
    ROW("Squeeze", 13, 20, 1, 2, 1, 1, NO_ATTRS, squeeze, identity),
    ROW("Sub", 7, 20, 2, 2, 1, 1, NO_ATTRS, arithmetic, sub),
    ROW("Sum", 8, 20, 1, -1, 1, 1, NO_ATTRS, many_float, sum),
    ROW("Tanh", 6, 20, 1, 1, 1, 1, NO_ATTRS, float, tanh),
    ROW("Tile", 6, 20, 2, 2, 1, 1, NO_ATTRS, tile, tile),
    ROW("TopK", 11, 20, 2, 2, 2, 2, ATTRS("axis", "largest", "sorted"), top_k, top_k),
    ROW("Transpose", 1, 20, 1, 1, 1, 1, ATTRS("perm"), transpose, transpose),
    ROW("Unsqueeze", 1, 12, 1, 1, 1, 1, ATTRS("axes"), unsqueeze, identity),
    ROW("Unsqueeze", 13, 20, 2, 2, 1, 1, NO_ATTRS, unsqueeze, identity),
    ROW("Where", 9, 20, 3, 3, 1, 1, NO_ATTRS, where, where),
    ROW("Xor", 7, 20, 2, 2, 1, 1, NO_ATTRS, logic, xor),
};

#define ROWS ((int)(sizeof table / sizeof table[0]))

const struct its_op *its_op_table(int *count)
{
    *count = ROWS;
    return table;
}

/* "7 to 12, 13 to 20" */
static void write_versions(const char *name, char *text, size_t bytes)
{
    size_t used = 0;
    text[0] = 0;
    for (int i = 0; i < ROWS && used < bytes; i++)
        if (!strcmp(table[i].name, name))
            used += snprintf(text + used, bytes - used, "%s%d to %d", used ? ", " : "",
                             table[i].since, table[i].until);
}
static int refuse(const char *domain, const char *name, int opset, struct its_error *err)
{
    char versions[96];
    write_versions(name, versions, sizeof versions);
    if (versions[0] && !domain[0])
        return its_error_set(err, ITS_EUNSUPPORTED, "operator %s of opset %d; supported: opset %s",
                             name, opset, versions);
    struct its_nearest nearest = its_nearest_to(name);
    for (int i = 0; i < ROWS; i++)
        its_nearest_offer(&nearest, table[i].name);
    const char *best = its_nearest_name(&nearest);
    return its_error_set(err, ITS_EUNSUPPORTED, "operator %s%s%s is not supported%s%s", domain,
                         domain[0] ? "." : "", name, best ? "; the nearest that is: " : "",
                         best ? best : "");
}

const struct its_op *its_op_find(const char *domain, const char *name, int opset,
                                 struct its_error *err)
{
    if (!strcmp(domain, "ai.onnx"))
        domain = "";
    for (int i = 0; i < ROWS; i++)
        if (!strcmp(table[i].name, name) && !strcmp(table[i].domain, domain) &&
            table[i].since <= opset && opset <= table[i].until)
            return &table[i];
    refuse(domain, name, opset, err);
    return NULL;
}
