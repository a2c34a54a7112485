/* Compiler attributes and the assertion that stays in release builds. */
#pragma once

#include <stddef.h>

#define ITS_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define ITS_MUST_CHECK        __attribute__((warn_unused_result))
#define ITS_NORETURN          __attribute__((noreturn))

#define ITS_ARRAY_LEN(a)                    (sizeof(a) / sizeof((a)[0]))
#define ITS_CONTAINER_OF(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

#define ITS_MIN(a, b) ((a) < (b) ? (a) : (b))
#define ITS_MAX(a, b) ((a) > (b) ? (a) : (b))

/* For mistakes of ours, never for outside input. Kept in release: a wrong count is worse than a
 * restart. */
#define its_assert(cond) ((cond) ? (void)0 : its_assert_failed(#cond, __FILE__, __LINE__))

void its_assert_failed(const char *cond, const char *file, int line) ITS_NORETURN;
