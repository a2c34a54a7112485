/* For tests: media files of every kind, made in a folder of the test's own by the ffmpeg command
 * line, and ways to damage them. */
#pragma once

#include <stdint.h>

#define MEDIA_PATH_MAX 512

/* Skips the whole test program, loudly, where there is no ffmpeg. First thing in main. */
void media_need_ffmpeg(void);

/* A folder that goes with everything in it at media_folder_remove. */
struct media_folder {
    char path[64];
};
struct media_folder media_folder_make(void);
void media_folder_remove(const struct media_folder *folder);

/* A path of the file `name` in the folder: one of a few static buffers, used in turns. */
const char *media_path(const struct media_folder *folder, const char *name);

/* Runs "ffmpeg ARGS FOLDER/NAME" and returns that path; fails the test when it cannot. Arguments
 * are split by the shell, in the folder. */
const char *media_make(const struct media_folder *folder, const char *name, const char *args);

/* The first `share` (0..1) of a file's bytes. */
const char *media_cut(const struct media_folder *folder, const char *from, const char *name,
                      double share);

/* The file with `share` of the bytes between the middle half's ends replaced by others. */
const char *media_flip(const struct media_folder *folder, const char *from, const char *name,
                       double share, uint32_t seed);

/* A file of those bytes. */
const char *media_text(const struct media_folder *folder, const char *name, const char *text);
