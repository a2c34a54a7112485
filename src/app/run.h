/* The server until a person or a signal ends it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "config/config.h"

struct its_run_settings {
    const struct its_config *config;
    /* Reads the configuration anew, on SIGHUP. NULL after its mistakes were logged: everything
     * stays as it is. The new one is its_run's to destroy. */
    struct its_config *(*reload)(void *ctx);
    void *ctx;
    bool plain;          /* lines even on a terminal */
    int64_t duration_us; /* stop by itself after so long; 0 = never */
};

/* Blocks SIGINT, SIGTERM and SIGHUP in every thread: call before any other thread is there. */
void its_run_block_signals(void);

/* 0 when it was asked to stop; negative when it could not start, with a sentence in err. */
int its_run(const struct its_run_settings *settings, struct its_error *err);
