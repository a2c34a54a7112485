/* Who we are, as RTSP and HTTP ask for it: Basic and Digest authentication (RFC 7617, RFC 7616 with
 * MD5 and SHA-256). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum its_auth_scheme { ITS_AUTH_NONE, ITS_AUTH_BASIC, ITS_AUTH_MD5, ITS_AUTH_SHA256 };

/* What a server wants to see. */
struct its_challenge {
    enum its_auth_scheme scheme;
    char realm[256], nonce[256], opaque[256];
    bool qop, stale;
    unsigned uses; /* of the nonce */
};

/* Reads one WWW-Authenticate value; keeps it when it is stronger than what is in c already. */
void its_challenge_add(struct its_challenge *c, const char *value);

/* The value of the Authorization header for one request. False: it does not fit. */
bool its_challenge_answer(struct its_challenge *c, const char *user, const char *password,
                          const char *method, const char *uri, char *out, size_t size);
