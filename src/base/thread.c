#include "base/thread.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

#define DEFAULT_STACK (1u << 20)

struct start {
    char name[16];
    its_thread_fn fn;
    void *arg;
};

static void *entry(void *p)
{
    struct start s = *(struct start *)p;
    free(p);
    pthread_setname_np(pthread_self(), s.name);
    s.fn(s.arg);
    return NULL;
}

int its_thread_start(struct its_thread *t, const char *name, size_t stack_bytes, its_thread_fn fn,
                     void *arg)
{
    struct start *s = its_malloc(sizeof(*s));
    snprintf(s->name, sizeof(s->name), "%.15s", name);
    s->fn = fn;
    s->arg = arg;

    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, stack_bytes ? stack_bytes : DEFAULT_STACK);

    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&t->id, &attr, entry, s);
    pthread_sigmask(SIG_SETMASK, &before, NULL);

    pthread_attr_destroy(&attr);
    if (rc) {
        free(s);
        return -rc;
    }
    t->running = 1;
    return 0;
}

void its_thread_join(struct its_thread *t)
{
    if (!t->running)
        return;
    pthread_join(t->id, NULL);
    t->running = 0;
}
