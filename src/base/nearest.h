/* "Did you mean …": of the names offered, the one a misspelt word most likely meant.
 *
 *     struct its_nearest n = its_nearest_to("analysis_fp");
 *     its_nearest_offer(&n, "url");
 *     its_nearest_offer(&n, "analysis_fps");
 *     its_nearest_name(&n)  → "analysis_fps"
 */
#pragma once

struct its_nearest {
    const char *wanted;
    const char *best;
    unsigned distance;
};

/* wanted is borrowed as long as n is used. */
static inline struct its_nearest its_nearest_to(const char *wanted)
{
    return (struct its_nearest){.wanted = wanted};
}

/* name is borrowed. Letter case does not count. */
void its_nearest_offer(struct its_nearest *n, const char *name);

/* The first of the best names; NULL when none is near enough to be more help than noise. */
static inline const char *its_nearest_name(const struct its_nearest *n)
{
    return n->best;
}
