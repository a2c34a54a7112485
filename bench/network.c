/* One network, layer by layer: time, rate, share of the machine's measured peak.
 *
 *   bench-network MODEL [-p f32|bf16|int8|auto] [-b BATCH] [-s WxH] [-t THREADS] [-n RUNS] [-m]
 *                       [-r BACKEND] [-c CACHE] [-l] [-P]
 *
 * -l: the table; -P: the plan; -m: raw head maps; -r: back end. Prints
 * "network VARIANT median p95 ms" of one picture. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "nn/model.h"

struct options {
    const char *path;
    struct its_network_settings net;
    int runs;
    bool layers, plan;
};

static int parse(int argc, char **argv, struct options *o)
{
    static const char *const precision[] = {"auto", "f32", "bf16", "int8"};
    its_network_defaults(&o->net);
    o->runs = 20;
    for (int c; (c = getopt(argc, argv, "p:b:s:t:n:r:c:mlP")) != -1;) {
        if (c == 'p')
            for (int i = 0; i < 4; i++)
                o->net.precision =
                    strcmp(optarg, precision[i]) == 0 ? (enum its_precision)i : o->net.precision;
        else if (c == 'b')
            o->net.batch = atoi(optarg);
        else if (c == 's' && sscanf(optarg, "%dx%d", &o->net.width, &o->net.height) != 2)
            return -1;
        else if (c == 't')
            o->net.threads = atoi(optarg);
        else if (c == 'n')
            o->runs = atoi(optarg);
        else if (c == 'r')
            o->net.backend = optarg;
        else if (c == 'c')
            o->net.cache_dir = optarg;
        else if (c == 'm')
            o->net.head_maps = true;
        else if (c == 'l')
            o->layers = true;
        else if (c == 'P')
            o->plan = true;
        else if (c == '?')
            return -1;
    }
    o->path = optind < argc ? argv[optind] : NULL;
    return o->path && o->runs > 0 ? 0 : -1;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double resident_mb(void)
{
    long pages = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f) {
        if (fscanf(f, "%ld %ld", &pages, &resident) != 2)
            resident = 0;
        fclose(f);
    }
    return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1e6;
}

static void print_layers(struct its_network *n)
{
    const struct its_layer_time *layer;
    int count = its_network_layers(n, &layer);
    double conv = 0, rest = 0;
    printf("%8s %8s %-10s %-22s %-6s %-34s %s\n", "ms", "GFLOP/s", "op", "shape", "type", "how",
           "name");
    for (int i = 0; i < count; i++) {
        const struct its_layer_time *l = &layer[i];
        double rate = l->gflop > 0 ? l->gflop / (l->ms * 1e-3) : 0;
        *(l->gflop > 0 ? &conv : &rest) += l->ms;
        printf("%8.3f %8.1f %-10s %-22s %-6s %-34s %s\n", l->ms, rate, l->op, l->shape,
               its_dtype_name(l->type), l->how, l->name);
    }
    printf("convolutions %.2f ms, the rest %.2f ms\n", conv, rest);
}

static int run(struct its_network *n, const struct options *o, double started_ms)
{
    double *ms = its_calloc((size_t)o->runs, sizeof(*ms));
    int batch = o->net.batch > 0 ? o->net.batch : 1;
    for (int i = 0; i < o->runs; i++) {
        int64_t begin = its_mono_us();
        if (its_network_run(n, batch) < 0)
            return 1;
        ms[i] = (double)(its_mono_us() - begin) * 1e-3 / batch;
    }
    double first = ms[0];
    qsort(ms, (size_t)o->runs, sizeof(*ms), by_value);
    struct its_network_stats s = its_network_stats(n);
    printf("network %s-b%d-t%d median %.2f p95 %.2f ms (best %.2f, first %.2f; start %.0f ms%s; "
           "weights %.1f MB, activations %.1f MB, resident %.0f MB)\n",
           o->path, batch, o->net.threads, ms[o->runs / 2], ms[o->runs * 95 / 100], ms[0], first,
           started_ms, s.from_cache ? " from cache" : "", (double)s.weight_bytes * 1e-6,
           (double)s.activation_bytes * 1e-6, resident_mb());
    if (o->plan) {
        struct its_str text = {0};
        its_network_print(n, &text);
        fputs(its_str_get(&text), stdout);
        its_str_fini(&text);
    }
    if (o->layers) {
        its_network_time_layers(n, true);
        its_network_run(n, batch);
        print_layers(n);
    }
    free(ms);
    return 0;
}

int main(int argc, char **argv)
{
    struct options o = {0};
    struct its_error err = {0};
    struct its_model *m = NULL;
    struct its_network *n = NULL;
    if (parse(argc, argv, &o) < 0) {
        fprintf(stderr, "usage: bench-network [-p PRECISION] [-b BATCH] [-s WxH] [-t THREADS] "
                        "[-n RUNS] [-r BACKEND] [-c CACHE] [-m] [-l] [-P] MODEL\n");
        return 2;
    }
    double before = resident_mb();
    int64_t begin = its_mono_us();
    int rc = its_model_open(o.path, &m, &err);
    if (rc == 0)
        rc = its_network_create(m, &o.net, &n, &err);
    if (rc < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    double started = (double)(its_mono_us() - begin) * 1e-3;
    printf("bare process %.0f MB\n", before);
    rc = run(n, &o, started);
    its_network_destroy(&n);
    its_model_close(&m);
    return rc;
}
