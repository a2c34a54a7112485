/* The motion detector: road users as whatever moves in front of a learned background. The default
 * where no network is configured, and the gate that tells a network when to look.
 *
 * One per camera, one thread at a time. A frame takes three steps, prepare, infer and post, which
 * are the stages its stamps name. Memory is sized by the first frame of a size; after that nothing
 * is allocated. The same frames give the same detections, bit for bit. */
#pragma once

#include <stdbool.h>

#include "detect/detection.h"
#include "frame/frame.h"

struct its_motion;

struct its_motion_settings {
    int max_side_px; /* the working picture's longer side is at most this; 32..4096 */
    int threshold;   /* least luma difference that counts as motion, of 255; 2..128 */
    int min_area_px; /* blobs of fewer working pixels are noise; >= 1 */
    /* A road user that stopped is kept for about this long, or three times as long as the scene
     * behind it has been seen if that is shorter; then it is part of the scene. 1..384 s. */
    float stay_s;
    bool stabilise; /* follow a camera that sways or drifts */
};

void its_motion_defaults(struct its_motion_settings *);

/* 0, or -EINVAL for settings out of range; *out is NULL then. */
int its_motion_create(const struct its_motion_settings *, struct its_motion **out);
/* NULL and pointer to NULL are allowed. */
void its_motion_destroy(struct its_motion **);

/* Reads the frame's luma; the frame is not needed afterwards. A frame of another size, rotation or
 * range restarts the detector. In pictures of fewer than 8 working pixels either way nothing is
 * ever found. 0; -EINVAL for a frame without pixels or with a side beyond 32767; -ENOMEM. After an
 * error the frame counts as not seen, and infer and post must not be called for it. */
int its_motion_prepare(struct its_motion *, const struct its_frame *);
/* Compares with the background, then learns. */
void its_motion_infer(struct its_motion *);
/* Road users of the frame, best score first. Boxes lie inside the displayed picture. */
void its_motion_post(struct its_motion *, struct its_detections *out);

/* A road user that someone follows, as he was in the frame prepared before. */
struct its_motion_hint {
    struct its_box box; /* displayed pixels */
    float vx, vy;       /* px/s */
    /* It drove or walked here: while it stands it does not become background, not even where the
     * scene behind it was hardly seen. For whom that ends is the caller's business. */
    bool stays;
};
/* Tells, between prepare and post, who is known to be there, so that those who overlap in the
 * picture are not taken for one. Copied, good for this frame only; hints beyond 256 are
 * passed over. */
void its_motion_hint(struct its_motion *, const struct its_motion_hint *hints, int count);

/* The next frame does not follow the last one (a loop wrapped, a stream came back): time starts
 * anew. What was learned about background and perspective is kept as long as the picture fits it.
 */
void its_motion_reset(struct its_motion *);

/* Whether the last frame had anything in it that moves: the gate. True until the background is
 * known. */
bool its_motion_active(const struct its_motion *);
