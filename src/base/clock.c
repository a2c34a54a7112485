#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t read_us(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t its_mono_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

int64_t its_wall_us(void)
{
    return read_us(CLOCK_REALTIME);
}

int64_t its_thread_cpu_us(void)
{
    return read_us(CLOCK_THREAD_CPUTIME_ID);
}

char *its_wall_format(int64_t wall_us, char buf[25])
{
    time_t s = wall_us / 1000000;
    int ms = (int)(wall_us % 1000000 / 1000);
    struct tm tm;
    gmtime_r(&s, &tm);
    char text[64]; /* room for any tm: the compiler cannot know that years have four digits */
    snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
             tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, ms);
    snprintf(buf, 25, "%.24s", text);
    return buf;
}
