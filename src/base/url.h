/* Addresses of cameras and their secrets. */
#pragma once

#include <stddef.h>

#define ITS_URL_MAX 2048

/* The address as it may be printed: passwords, tokens and keys as "***". Where it is unclear what
 * is secret (a password with '@' or '/' in it, vendors' "/user=admin_password=x" paths), it hides
 * too much rather than too little. Control characters become '?'. At most size - 1 bytes and a NUL.
 * url may be NULL (""). Returns out. */
const char *its_url_mask(const char *url, char *out, size_t size);
