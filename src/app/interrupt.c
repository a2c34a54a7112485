#include "app/interrupt.h"

#include <signal.h>

static void our_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGHUP);
}

static void wait_for_signal(void *arg)
{
    struct its_interrupt *i = arg;
    sigset_t set;
    int sig;
    our_signals(&set);
    sigwait(&set, &sig);
    if (!i->done)
        its_cancel_trigger(i->cancel);
}

void its_interrupt_start(struct its_interrupt *i, struct its_cancel *cancel)
{
    sigset_t set;
    our_signals(&set);
    *i = (struct its_interrupt){.cancel = cancel};
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (its_thread_start(&i->thread, "signals", 0, wait_for_signal, i) < 0)
        pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void its_interrupt_stop(struct its_interrupt *i)
{
    i->done = true;
    if (i->thread.running)
        pthread_kill(i->thread.id,
                     SIGTERM); /* a thread that has ended is not joined yet: no harm */
    its_thread_join(&i->thread);
}
