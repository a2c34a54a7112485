/* A source read unpaced, its packets through one decoder on the caller's thread: no decode pool, no
 * queue. The decoder is asked for a frame first, and fed only when it has none. */
#include "app/film.h"

#include <stdlib.h>

#include "base/mem.h"
#include "camera/source.h"
#include "frame/decoder.h"

struct its_film {
    struct its_cancel *cancel;
    struct its_source *source;
    struct its_decoder *decoder;
    struct its_packet *packet; /* the decoder had no room for it yet */
    bool drained;              /* the source is at its end, and the decoder knows */
};

int its_film_open(const char *path, struct its_cancel *cancel, struct its_film **out,
                  struct its_error *err)
{
    struct its_source_settings settings;
    its_source_defaults(&settings);
    settings.url = path;
    settings.once = true;
    struct its_film *film = its_malloc(sizeof(*film));
    film->cancel = its_cancel_create(cancel);
    film->decoder = its_decoder_create();
    int rc = its_source_open(&settings, film->cancel, &film->source, err);
    if (rc < 0)
        its_film_close(&film);
    *out = film;
    return rc;
}

static int send(struct its_film *film, struct its_error *err)
{
    if (!film->packet && !film->drained) {
        int rc = its_source_read(film->source, &film->packet, err);
        film->drained = rc == ITS_EEOF;
        if (rc < 0 && rc != ITS_EEOF)
            return rc;
    }
    int rc = its_decoder_send(film->decoder, film->packet, true);
    if (rc == -EAGAIN)
        return 0; /* it wants its frames taken first */
    its_packet_unref(&film->packet);
    if (rc < 0 && rc != ITS_EDAMAGED)
        return its_error_set(err, rc, "cannot decode it: %s", its_strerror(rc));
    return 0;
}

int its_film_next(struct its_film *film, struct its_frame **out, struct its_error *err)
{
    for (;;) {
        int rc = its_decoder_receive(film->decoder, out);
        if (rc == 0)
            return 0;
        if (rc == -ENOMEM)
            return its_error_set(err, rc, "no memory for a picture");
        if (rc == ITS_EEOF && film->drained)
            return ITS_EEOF;
        rc = send(film, err);
        if (rc < 0)
            return rc;
    }
}

uint64_t its_film_frames(const struct its_film *film)
{
    return its_source_frames(film->source);
}

void its_film_close(struct its_film **pfilm)
{
    struct its_film *film = *pfilm;
    if (!film)
        return;
    *pfilm = NULL;
    its_packet_unref(&film->packet);
    its_decoder_destroy(&film->decoder);
    its_source_close(&film->source);
    its_cancel_destroy(&film->cancel);
    free(film);
}
