/* Frozen means equal, not alike: an encoder that has no bits to spare repeats a still street for
 * seconds, but not beyond its next key frame, in which the noise of a live sensor is new. That is
 * why the default patience (config: blind_s) is longer than encoders' usual ten seconds between key
 * frames. A picture that only its clock, written along the edge by the camera, tells from the one
 * before is therefore not frozen to us.
 *
 * Covered is judged by the tiles of the picture that have an edge in them. At night lamps, signs
 * and headlights have. */
#include "frame/sight.h"

#include "frame/picture.h"

/* So few tiles with an edge (a hole in the bag) are none; from so many on something is seen. */
#define TILES_NONE 1
#define TILES_SOME 3

/* Good pictures for so long give the sight back; gaps between them may be as long. */
#define RECOVER_US 1000000

const char *its_sight_name(enum its_sight sight)
{
    static const char *const names[] = {
#define X(name, text, sentence) text,
        ITS_SIGHTS(X)
#undef X
    };
    return names[sight];
}

const char *its_sight_text(enum its_sight sight)
{
    static const char *const sentences[] = {
#define X(name, text, sentence) sentence,
        ITS_SIGHTS(X)
#undef X
    };
    return sentences[sight];
}

static void begin(struct its_sight_cause *c, int64_t now_us)
{
    *c = (struct its_sight_cause){.fine_us = now_us, .good_us = now_us, .good_since_us = now_us};
}

static void follow(struct its_sight_cause *c, bool bad, bool good, int64_t now_us, int64_t blind_us)
{
    if (!bad)
        c->fine_us = now_us;
    if (good) {
        if (now_us - c->good_us > RECOVER_US)
            c->good_since_us = now_us;
        c->good_us = now_us;
    }
    if (!blind_us) {
        c->on = false;
    } else if (!c->on && now_us - c->fine_us >= blind_us) {
        c->on = true;
        c->good_since_us = now_us;
    } else if (c->on && good) {
        c->on = now_us - c->good_since_us < RECOVER_US;
    }
}

enum its_sight its_sight_follow(struct its_sight_watch *w, const struct its_picture_measure *m,
                                int64_t now_us, int64_t blind_us)
{
    if (!w->begun) {
        begin(&w->frozen, now_us);
        begin(&w->covered, now_us);
        w->begun = true;
    }
    follow(&w->frozen, !m->changed, m->changed, now_us, blind_us);
    follow(&w->covered, m->tiles <= TILES_NONE, m->tiles >= TILES_SOME, now_us, blind_us);
    return w->covered.on ? ITS_SIGHT_COVERED : w->frozen.on ? ITS_SIGHT_FROZEN : ITS_SIGHT_CLEAR;
}
