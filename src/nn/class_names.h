/* What a detector's classes are called. Private to nn/. */
#pragma once

struct its_arena;

/* COCO's names in its usual order, 80 of them. Static. */
#define ITS_COCO_CLASSES 80
const char *const *its_class_names_coco(void);

/* The names in a Python dict as Ultralytics writes them into a file's metadata,
 * {0: 'person', 1: "driver's cab"}: `count` of them, kept in the arena. NULL when the text is
 * anything else or has another number of names. */
const char *const *its_class_names_parse(struct its_arena *a, const char *text, int count);
