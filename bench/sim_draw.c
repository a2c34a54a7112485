/* Frames per second that one core draws of each simulated street, in every weather, at 1280x720:
 * traffic, truth and picture, without encoding. CPU time, so that others on the machine matter
 * little. usage: bench-sim-draw [FRAMES [SCENE WEATHER]] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "draw/canvas.h"
#include "sim/scene.h"

static void measure(enum its_scene_kind kind, enum its_weather weather, int frames)
{
    struct its_scene_settings set = ITS_SCENE_DEFAULTS;
    struct its_i420 picture;
    struct its_scene *scene;
    struct its_error err;
    int64_t next_us = 0, draw_us = 0, users = 0;
    set.kind = kind;
    set.weather = weather;
    set.width = 1280;
    set.height = 720;
    if (its_scene_create(&set, &scene, &err) < 0 || its_i420_init(&picture, 1280, 720) < 0)
        exit(1);
    for (int i = 0; i < frames; i++) {
        int64_t t0 = its_thread_cpu_us();
        users += its_scene_next(scene)->users;
        int64_t t1 = its_thread_cpu_us();
        its_scene_draw(scene, &picture);
        next_us += t1 - t0;
        draw_us += its_thread_cpu_us() - t1;
    }
    printf("sim_draw/%-8s %-5s %5.0f frames/s per core: %5.2f ms truth, %5.2f ms picture, %4.1f "
           "users\n",
           its_scene_kind_name(kind), its_weather_name(weather),
           1e6 * frames / (double)(next_us + draw_us), (double)next_us * 1e-3 / frames,
           (double)draw_us * 1e-3 / frames, (double)users / frames);
    its_i420_fini(&picture);
    its_scene_destroy(&scene);
}

int main(int argc, char **argv)
{
    int frames = argc > 1 ? atoi(argv[1]) : 150;
    if (frames < 1 || argc == 3)
        return 2;
    for (int kind = 0; kind < ITS_SCENE_COUNT; kind++)
        for (int weather = 0; weather < ITS_WEATHER_COUNT; weather++)
            if (argc < 4 || (strcmp(argv[2], its_scene_kind_name(kind)) == 0 &&
                             strcmp(argv[3], its_weather_name(weather)) == 0))
                measure((enum its_scene_kind)kind, (enum its_weather)weather, frames);
    return 0;
}
