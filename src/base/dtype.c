/* Types of a tensor's elements. */
#include "base/dtype.h"

#include "base/attr.h"

size_t its_dtype_bytes(enum its_dtype type)
{
    static const size_t bytes[] = {
#define X(name, bytes, word) bytes,
        ITS_DTYPES(X)
#undef X
    };
    its_assert(type >= 0 && type < ITS_DTYPE_COUNT);
    return bytes[type];
}

const char *its_dtype_name(enum its_dtype type)
{
    static const char *const words[] = {
#define X(name, bytes, word) word,
        ITS_DTYPES(X)
#undef X
    };
    its_assert(type >= 0 && type < ITS_DTYPE_COUNT);
    return words[type];
}
