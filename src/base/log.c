#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/clock.h"

static struct {
    _Atomic int level;

    pthread_mutex_t lock;
    /* --- under lock */
    its_log_sink_fn sink;
    void *sink_ctx;
} g = {.level = ITS_LOG_INFO, .lock = PTHREAD_MUTEX_INITIALIZER};

static const char *const level_names[] = {
#define X(name, text) text,
    ITS_LOG_LEVELS(X)
#undef X
};

void its_log_set_level(enum its_log_level level)
{
    g.level = (int)level;
}

void its_log_set_sink(its_log_sink_fn sink, void *ctx)
{
    pthread_mutex_lock(&g.lock);
    g.sink = sink;
    g.sink_ctx = ctx;
    pthread_mutex_unlock(&g.lock);
}

/* One line per event: what a foreign text brings of line breaks and escapes becomes blanks. */
static void flatten(char *line)
{
    for (unsigned char *p = (unsigned char *)line; *p; p++)
        if (*p < 0x20 || *p == 0x7f)
            *p = ' ';
}

static void emit(enum its_log_level level, const char *area, uint64_t held, const char *fmt,
                 va_list args)
{
    char text[1200], line[1400], when[25];
    vsnprintf(text, sizeof(text), fmt, args);
    its_wall_format(its_wall_us(), when);
    int n = snprintf(line, sizeof(line), "%s %-5s %s: %s", when, level_names[level], area, text);
    if (held && n > 0 && (size_t)n < sizeof(line))
        snprintf(line + n, sizeof(line) - (size_t)n, " (and %llu more like it)",
                 (unsigned long long)held);
    flatten(line);

    pthread_mutex_lock(&g.lock);
    if (g.sink)
        g.sink(g.sink_ctx, level, line);
    else
        fprintf(stderr, "%s\n", line);
    pthread_mutex_unlock(&g.lock);
}

void its_log(enum its_log_level level, const char *area, const char *fmt, ...)
{
    if ((int)level > g.level)
        return;
    va_list args;
    va_start(args, fmt);
    emit(level, area, 0, fmt, args);
    va_end(args);
}

void its_log_limited(struct its_log_limit *limit, int64_t every_us, enum its_log_level level,
                     const char *area, const char *fmt, ...)
{
    if ((int)level > g.level)
        return;
    int64_t now = its_mono_us();
    int64_t next = atomic_load(&limit->next_us);
    if (now < next || !atomic_compare_exchange_strong(&limit->next_us, &next, now + every_us)) {
        atomic_fetch_add(&limit->held, 1);
        return;
    }
    va_list args;
    va_start(args, fmt);
    emit(level, area, atomic_exchange(&limit->held, 0), fmt, args);
    va_end(args);
}
