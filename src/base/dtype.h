/* Types of a tensor's elements: one list for networks, their files and their inputs. */
#pragma once

#include <stddef.h>

/* name, bytes, word. */
#define ITS_DTYPES(X)                                                                              \
    X(F32, 4, "f32")                                                                               \
    X(F16, 2, "f16")                                                                               \
    X(BF16, 2, "bf16")                                                                             \
    X(F64, 8, "f64")                                                                               \
    X(U8, 1, "u8")                                                                                 \
    X(S8, 1, "s8")                                                                                 \
    X(S32, 4, "s32")                                                                               \
    X(S64, 8, "s64")                                                                               \
    X(BOOL, 1, "bool")

enum its_dtype {
#define X(name, bytes, word) ITS_##name,
    ITS_DTYPES(X)
#undef X
        ITS_DTYPE_COUNT
};

/* Bytes of one element. */
size_t its_dtype_bytes(enum its_dtype type);
/* "f32", … Static storage. */
const char *its_dtype_name(enum its_dtype type);
