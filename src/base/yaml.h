/* A YAML document as a tree that knows the line and column of everything in it.
 *
 * The subset that configuration needs: one document of maps, lists and text. Anchors and aliases
 * work (an alias is a copy); tags, merge keys and several documents are errors. Whatever it is
 * given, memory and time stay within the limits below. The tree lives in the caller's arena. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/report.h"

#define ITS_YAML_BYTES_MAX (1 << 20)
#define ITS_YAML_NODES_MAX 65536 /* copies made by aliases count */
#define ITS_YAML_DEPTH_MAX 32

enum its_yaml_kind { ITS_YAML_TEXT, ITS_YAML_LIST, ITS_YAML_MAP };

struct its_yaml {
    enum its_yaml_kind kind;
    int line, column;       /* from 1: of the key in a map, else of the value */
    const char *key;        /* in a map; else NULL */
    const char *text;       /* ITS_YAML_TEXT: UTF-8 without NUL; else NULL */
    bool is_null;           /* plain nothing, "~" or "null" */
    struct its_yaml *first; /* children of a map or list, in the order of the text */
    struct its_yaml *next;  /* the next child of the same parent */
    unsigned count;         /* of children */
};

/* Reads a document of `bytes` bytes. name stands before every error ("its.yaml:12:5: …"). An empty
 * document gives *root = NULL. 0; ITS_ECONFIG: every error is in report; ITS_ETOOBIG: a limit was
 * passed, likewise. */
int its_yaml_parse(const char *text, size_t bytes, const char *name, struct its_arena *arena,
                   struct its_yaml **root, struct its_report *report);

/* "a map", "a list", "text", "nothing". */
const char *its_yaml_kind_name(const struct its_yaml *node);

/* Version of libyaml at run time. */
const char *its_yaml_library_version(void);
