/* The network detectors that all cameras share: one model, and for each picture shape as many
 * instances as threads ever ask for at once. Whoever analyses a frame takes one and gives it back.
 *
 * Any thread. The first frames of a new shape wait until an instance is made; afterwards nothing is
 * allocated. */
#pragma once

#include "base/err.h"
#include "config/config.h"
#include "detect/net_detector.h"

struct its_detectors;

struct its_detectors_settings {
    const char *model; /* ONNX file */
    enum its_precision precision;
    int input_size; /* the longer side of the network's input, pixels */
    float confidence, iou;
    int threads;           /* of one run: 1 when several frames are looked at side by side */
    const char *cache_dir; /* of compiled plans, made when only it is missing; NULL: none */
};

/* What the configuration says. */
struct its_detectors_settings its_detectors_settings_of(const struct its_detector_config *config);

/* Whether the configuration asks for a network at all. */
bool its_detector_config_is_network(const struct its_detector_config *config);

/* Opens the model and makes the instance for 16:9 pictures, so that whatever is wrong with it shows
 * now: 0, or an error that names the file and says why. The settings are not needed afterwards. A
 * precision that this processor does not have is replaced, with a warning in the log. */
int its_detectors_create(const struct its_detectors_settings *settings, struct its_detectors **out,
                         struct its_error *err);
/* All must have been given back. Clears the pointer; NULL inside is allowed. */
void its_detectors_destroy(struct its_detectors **d);

/* One for pictures of this displayed size, the caller's until given back. 0; the network's errors,
 * or -EBUSY where more are out than anybody has threads; then *out is NULL. */
int its_detectors_take(struct its_detectors *d, int display_w, int display_h,
                       struct its_net_detector **out, struct its_error *err);
void its_detectors_give(struct its_detectors *d, struct its_net_detector *detector);

/* "yolo11n f32", with the precision it really runs in: for people. Good as long as the detectors.
 */
const char *its_detectors_name(const struct its_detectors *d);

/* The network input for pictures of that size: the longer side `size`, both rounded up to multiples
 * of 32. */
void its_detectors_input_size(int size, int display_w, int display_h, int *w, int *h);
