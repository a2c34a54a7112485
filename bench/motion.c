/* CPU microseconds per frame of the motion detector, by stage, on a drawn street with eight cars at
 * 1280x720 and 352x288. usage: bench-motion [FRAMES] */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "detect/motion.h"
#include "../tests/detect/street.h"

static void draw(struct street *s, int frame)
{
    float w = (float)s->w / 12, h = (float)s->h / 10;
    street_begin(s, (int64_t)frame * 40000, 0, 0);
    for (int i = 0; i < 8; i++) {
        int x = (frame * (i + 3) + i * 97) % s->w;
        street_car(s, (struct its_box){(float)x, (float)(s->h * (i + 1) / 10), w, h}, 40 + 25 * i);
    }
    street_end(s, 1, 2);
}

static void measure(int w, int h, int frames)
{
    struct its_motion_settings set;
    struct its_motion *m;
    struct its_detections seen;
    struct street s;
    int64_t stage_us[3] = {0}, found = 0;
    its_motion_defaults(&set);
    if (its_motion_create(&set, &m) < 0)
        exit(1);
    street_init(&s, w, h, 0);
    for (int i = 0; i < frames; i++) {
        draw(&s, i);
        int64_t t0 = its_thread_cpu_us();
        if (its_motion_prepare(m, &s.frame) < 0)
            exit(1);
        int64_t t1 = its_thread_cpu_us();
        its_motion_infer(m);
        int64_t t2 = its_thread_cpu_us();
        its_motion_post(m, &seen);
        int64_t t3 = its_thread_cpu_us();
        stage_us[0] += t1 - t0;
        stage_us[1] += t2 - t1;
        stage_us[2] += t3 - t2;
        found += seen.count;
    }
    double n = frames;
    printf("%4dx%-4d prepare %6.1f  infer %6.1f  post %6.1f  total %6.1f us/frame, %.1f boxes\n", w,
           h, (double)stage_us[0] / n, (double)stage_us[1] / n, (double)stage_us[2] / n,
           (double)(stage_us[0] + stage_us[1] + stage_us[2]) / n, (double)found / n);
    street_fini(&s);
    its_motion_destroy(&m);
}

int main(int argc, char **argv)
{
    int frames = argc > 1 ? atoi(argv[1]) : 500;
    if (frames < 1)
        return 2;
    measure(1280, 720, frames);
    measure(352, 288, frames);
    return 0;
}
