/* The address of a camera on the network, taken apart:
 * scheme://[user[:password]@]host[:port][/path]. Fixed memory; a part that does not fit is refused.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/url.h"

struct its_address {
    char scheme[16]; /* lower case */
    bool has_user;
    char user[256], password[256]; /* percent-decoded; "" where there is none */
    char host[256];                /* name or number; IPv6 without its brackets */
    int port;                      /* 0: none given */
    char path[ITS_URL_MAX];        /* with its query, begins with '/' when not empty; not decoded */
};

/* Passwords may hold unescaped '@' and ':': what counts is the last '@' before the path. 0, or
 * -EINVAL with a sentence that holds no secret. */
int its_address_parse(const char *url, struct its_address *out, struct its_error *err);

/* "scheme://host[:port]path" without credentials, as requests name it. -ENAMETOOLONG: no room. */
int its_address_format(const struct its_address *a, char *out, size_t size);
