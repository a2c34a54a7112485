/* Bytes as an address → its parts, or a refusal without the password in it. What was understood is
 * written again without credentials, and reads again as the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "camera/address.h"
#include "fuzz.h"

static void check_again(const struct its_address *a)
{
    char text[2 * ITS_URL_MAX];
    struct its_address again;
    its_assert(its_address_format(a, text, sizeof(text)) == 0);
    its_assert(its_address_parse(text, &again, NULL) == 0);
    its_assert(!again.has_user && again.port == a->port);
    its_assert(strcmp(again.host, a->host) == 0 && strcmp(again.path, a->path) == 0);
}

/* The same address with a password of ours, which no error text may hold. */
static void check_secret(const char *host)
{
    char url[4096];
    struct its_address a;
    struct its_error err = {0};
    if (strstr(host, "Q7") || strlen(host) > 3000)
        return;
    snprintf(url, sizeof(url), "rtsp://u:Q7%%40Q7@%s", host);
    if (its_address_parse(url, &a, &err) < 0)
        its_assert(!strstr(err.text, "Q7"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = its_malloc(size + 1);
    memcpy(text, data, size);
    struct its_address a;
    struct its_error err = {0};
    if (its_address_parse(text, &a, &err) == 0)
        check_again(&a);
    else
        its_assert(err.text[0]);
    check_secret(text);
    free(text);
    return 0;
}
