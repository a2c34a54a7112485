/* Distance is the number of letters inserted, left out, replaced or swapped with their neighbour
 * (optimal string alignment). A third of the longer word may differ; a word of three letters or
 * more that is part of the name counts as near in any case: "fps" means "analysis_fps". */
#include "base/nearest.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/attr.h"

#define LENGTH_MAX 96u /* nobody misspells longer names; bounds the work on hostile input */

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    return ITS_MIN(a, ITS_MIN(b, c));
}

static int lower(char c)
{
    return tolower((unsigned char)c);
}

static unsigned edit_distance(const char *a, unsigned a_len, const char *b, unsigned b_len)
{
    unsigned rows[3][LENGTH_MAX + 1];
    unsigned *before = rows[0], *last = rows[1], *now = rows[2];
    for (unsigned j = 0; j <= b_len; j++)
        last[j] = j;
    for (unsigned i = 1; i <= a_len; i++) {
        now[0] = i;
        for (unsigned j = 1; j <= b_len; j++) {
            unsigned replaced = last[j - 1] + (lower(a[i - 1]) != lower(b[j - 1]));
            now[j] = min3(last[j] + 1, now[j - 1] + 1, replaced);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]))
                now[j] = ITS_MIN(now[j], before[j - 2] + 1);
        }
        unsigned *free_row = before;
        before = last;
        last = now;
        now = free_row;
    }
    return last[b_len];
}

void its_nearest_offer(struct its_nearest *n, const char *name)
{
    size_t a_len = strlen(n->wanted), b_len = strlen(name);
    if (a_len == 0 || a_len > LENGTH_MAX || b_len > LENGTH_MAX)
        return;

    unsigned allowed = ITS_MAX((unsigned)ITS_MAX(a_len, b_len) / 3, 1);
    unsigned distance = edit_distance(n->wanted, (unsigned)a_len, name, (unsigned)b_len);
    bool part =
        ITS_MIN(a_len, b_len) >= 3 && (strcasestr(name, n->wanted) || strcasestr(n->wanted, name));
    if (part)
        distance = ITS_MIN(distance, allowed);
    if (distance <= allowed && (!n->best || distance < n->distance)) {
        n->best = name;
        n->distance = distance;
    }
}
