#include "base/cpu.h"

#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"

#define CGROUPS "/sys/fs/cgroup"

/* The compiler's run time asks the processor once, at start, and knows about the operating system's
 * part (saved registers) too. */
enum its_cpu its_cpu_best(void)
{
#if defined __x86_64__
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        return ITS_CPU_AVX512;
    if (__builtin_cpu_supports("avx2"))
        return ITS_CPU_AVX2;
#endif
    return ITS_CPU_PLAIN;
}

const char *its_cpu_name(enum its_cpu cpu)
{
    static const char *const names[ITS_CPU_COUNT] = {"plain", "avx2", "avx512"};
    its_assert(cpu < ITS_CPU_COUNT);
    return names[cpu];
}

/* --- how many */

static int schedulable(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) == 0)
        return CPU_COUNT(&set);
    return (int)sysconf(_SC_NPROCESSORS_ONLN); /* more processors than the set has room for */
}

int its_cpu_granted(const char *cpu_max, int cores)
{
    long long quota, period;
    if (sscanf(cpu_max, "%lld %lld", &quota, &period) != 2 || quota <= 0 || period <= 0)
        return cores;
    long long granted = quota / period + (quota % period != 0);
    return granted < cores ? (int)granted : cores;
}

/* The first line of a file that begins so, without that; false: none. */
static bool read_line(const char *path, const char *prefix, char *line, int bytes)
{
    bool found = false;
    FILE *f = fopen(path, "re");
    while (f && !found && fgets(line, bytes, f))
        found = strncmp(line, prefix, strlen(prefix)) == 0;
    if (f)
        fclose(f);
    if (found) {
        line[strcspn(line, "\n")] = 0;
        memmove(line, line + strlen(prefix), strlen(line) + 1 - strlen(prefix));
    }
    return found;
}

/* The group of the process may use what every group above it may. */
static int granted_by_groups(int cores)
{
    char group[1024], path[1100], text[64];
    if (!read_line("/proc/self/cgroup", "0::", group, sizeof(group)))
        return cores;
    for (char *end = group + strlen(group); end; end = strrchr(group, '/')) {
        *end = 0;
        snprintf(path, sizeof(path), CGROUPS "%s/cpu.max", group);
        if (read_line(path, "", text, sizeof(text)))
            cores = its_cpu_granted(text, cores);
    }
    return cores;
}

int its_cpu_count(void)
{
    int cores = granted_by_groups(schedulable());
    return cores > 1 ? cores : 1;
}
