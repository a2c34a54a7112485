/* Lines USER and REST → addresses with a password, whose mask must not hold it; every size of
 * buffer is respected. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/url.h"
#include "fuzz.h"

#define MASKED 8192

static void check_mask(const char *url, const char *secret)
{
    char *all = its_malloc(MASKED), small[16];
    its_url_mask(url, all, MASKED);
    its_assert(!strstr(all, secret));
    for (size_t size = 1; size <= sizeof(small); size++) {
        its_url_mask(url, small, size);
        its_assert(strlen(small) < size && strncmp(small, all, strlen(small)) == 0);
    }
    free(all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Letters that stand nowhere else, so that finding them is a leak. */
    static const char secret[] = "Q7#Q7@Q7/Q7";
    char *text = its_malloc(size + 1);
    memcpy(text, data, size);
    char *rest = text, *user = strsep(&rest, "\n"), *path = rest ? rest : user;

    struct its_str url = {0};
    if (!strstr(user, "Q7") && !strstr(path, "Q7")) {
        its_str_printf(&url, "rtsp://%s:%s@%s", user, secret, path);
        check_mask(its_str_get(&url), "Q7");
        its_str_clear(&url);
        its_str_printf(&url, "%s?x=1&password=%s&%s", user, "Q7/Q7@Q7", path);
        check_mask(its_str_get(&url), "Q7");
    }
    check_mask(text, "\n\n never there");
    its_str_fini(&url);
    free(text);
    return 0;
}
