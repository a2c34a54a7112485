/* libyaml's events become a tree on a stack of open containers: no recursion, so the depth of the
 * input never is the depth of ours. The first error of syntax ends the reading (what follows cannot
 * be trusted); repeated keys are collected. */
#include "base/yaml.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/utf8.h"

#define ANCHORS_MAX 256

struct open {
    struct its_yaml *node;
    struct its_yaml **tail; /* where the next child goes */
    struct its_yaml *key;   /* in a map: the key whose value comes next */
    const char *anchor;
};

struct anchor {
    const char *name;
    const struct its_yaml *node;
};

struct reader {
    const char *name;
    struct its_arena *arena;
    struct its_report *report;
    struct its_yaml *root;
    unsigned documents, nodes;
    int depth;
    struct open open[ITS_YAML_DEPTH_MAX];
    int anchor_count;
    struct anchor anchor[ANCHORS_MAX];
    int code; /* of what ended the reading */
};

static int fail(struct reader *r, int code, yaml_mark_t at, const char *what)
{
    its_report_add(r->report, "%s:%zu:%zu: %s", r->name, at.line + 1, at.column + 1, what);
    r->code = code;
    return code;
}

/* libyaml's reader gives the offset of a bad byte, not its line. */
static yaml_mark_t mark_of_offset(const char *text, size_t offset)
{
    yaml_mark_t at = {.index = offset};
    for (size_t i = 0; i < offset; i++) {
        if (text[i] == '\n') {
            at.line++;
            at.column = 0;
        } else if ((text[i] & 0xc0) != 0x80) {
            at.column++;
        }
    }
    return at;
}

/* libyaml counts characters, not bytes. */
static bool is_tab(const char *text, size_t bytes, size_t character)
{
    for (size_t i = 0; i < bytes; i++)
        if ((text[i] & 0xc0) != 0x80 && character-- == 0)
            return text[i] == '\t';
    return false;
}

static int fail_syntax(struct reader *r, const yaml_parser_t *p, const char *text, size_t bytes)
{
    if (p->error == YAML_READER_ERROR) {
        bool utf8 = !strstr(p->problem, "control");
        return fail(r, ITS_ECONFIG, mark_of_offset(text, ITS_MIN(p->problem_offset, bytes)),
                    utf8 ? "not valid UTF-8" : "a control character");
    }
    if (p->error == YAML_MEMORY_ERROR)
        return fail(r, -ENOMEM, p->mark, "out of memory");
    char what[256];
    int n = snprintf(what, sizeof(what), "not valid YAML: %s",
                     p->problem ? p->problem : "syntax error");
    if (is_tab(text, bytes, p->problem_mark.index))
        snprintf(what, sizeof(what), "not valid YAML: a tab; indent with spaces");
    else if (p->context && p->context_mark.line != p->problem_mark.line && n < sizeof(what))
        snprintf(what + n, sizeof(what) - n, " %s (line %zu)", p->context,
                 p->context_mark.line + 1);
    return fail(r, ITS_ECONFIG, p->problem_mark, what);
}

static struct its_yaml *node_new(struct reader *r, enum its_yaml_kind kind, yaml_mark_t at)
{
    if (++r->nodes > ITS_YAML_NODES_MAX) {
        fail(r, ITS_ETOOBIG, at, "too many values (aliases count as copies)");
        return NULL;
    }
    struct its_yaml *n = its_arena_alloc(r->arena, sizeof(*n));
    n->kind = kind;
    n->line = (int)at.line + 1;
    n->column = (int)at.column + 1;
    return n;
}

static void remember_anchor(struct reader *r, const char *name, const struct its_yaml *node,
                            yaml_mark_t at)
{
    if (!name)
        return;
    if (r->anchor_count == ANCHORS_MAX) {
        fail(r, ITS_ETOOBIG, at, "too many anchors");
        return;
    }
    r->anchor[r->anchor_count++] = (struct anchor){name, node};
}

/* Puts a finished value into the container that is open, or makes it the root. */
static void add(struct reader *r, struct its_yaml *n, yaml_mark_t at)
{
    if (r->depth == 0) {
        r->root = n;
        return;
    }
    struct open *o = &r->open[r->depth - 1];
    if (o->node->kind == ITS_YAML_MAP && !o->key) {
        if (n->kind != ITS_YAML_TEXT) {
            fail(r, ITS_ECONFIG, at, "a key must be text");
            return;
        }
        o->key = n;
        return;
    }
    if (o->key) {
        n->key = o->key->text;
        n->line = o->key->line;
        n->column = o->key->column;
        o->key = NULL;
    }
    *o->tail = n;
    o->tail = &n->next;
    o->node->count++;
}

static bool is_null_text(const yaml_event_t *e)
{
    if (e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
        return false;
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    for (size_t i = 0; i < ITS_ARRAY_LEN(nulls); i++)
        if (strcmp((const char *)e->data.scalar.value, nulls[i]) == 0)
            return true;
    return false;
}

static const char *copy_name(struct reader *r, const yaml_char_t *name)
{
    return name ? its_arena_strdup(r->arena, (const char *)name) : NULL;
}

static void on_text(struct reader *r, const yaml_event_t *e)
{
    const char *text = (const char *)e->data.scalar.value;
    if (e->data.scalar.tag) {
        fail(r, ITS_ECONFIG, e->start_mark, "tags (!…) are not supported");
        return;
    }
    if (strlen(text) != e->data.scalar.length) {
        fail(r, ITS_ECONFIG, e->start_mark, "a NUL character");
        return;
    }
    struct its_yaml *n = node_new(r, ITS_YAML_TEXT, e->start_mark);
    if (!n)
        return;
    n->text = its_arena_strdup(r->arena, text);
    n->is_null = is_null_text(e);
    remember_anchor(r, copy_name(r, e->data.scalar.anchor), n, e->start_mark);
    add(r, n, e->start_mark);
}

static void on_open(struct reader *r, const yaml_event_t *e, enum its_yaml_kind kind)
{
    bool map = kind == ITS_YAML_MAP;
    if (map ? e->data.mapping_start.tag : e->data.sequence_start.tag) {
        fail(r, ITS_ECONFIG, e->start_mark, "tags (!…) are not supported");
        return;
    }
    if (r->depth == ITS_YAML_DEPTH_MAX) {
        fail(r, ITS_ETOOBIG, e->start_mark, "nested too deeply");
        return;
    }
    struct its_yaml *n = node_new(r, kind, e->start_mark);
    if (!n)
        return;
    add(r, n, e->start_mark);
    const yaml_char_t *anchor = map ? e->data.mapping_start.anchor : e->data.sequence_start.anchor;
    r->open[r->depth++] = (struct open){n, &n->first, NULL, copy_name(r, anchor)};
}

static int by_key(const void *a, const void *b)
{
    const struct its_yaml *const *x = a, *const *y = b;
    int order = strcmp((*x)->key, (*y)->key);
    if (order == 0)
        order = (*x)->line < (*y)->line ? -1 : (*x)->line > (*y)->line;
    if (order == 0)
        order = (*x)->column < (*y)->column ? -1 : (*x)->column > (*y)->column;
    return order;
}

static void report_twins(struct reader *r, const struct its_yaml *map)
{
    if (map->count < 2)
        return;
    const struct its_yaml **sorted = its_calloc(map->count, sizeof(struct its_yaml *));
    unsigned n = 0;
    for (const struct its_yaml *c = map->first; c; c = c->next)
        sorted[n++] = c;
    qsort(sorted, n, sizeof(struct its_yaml *), by_key);
    for (unsigned i = 1; i < n; i++) {
        char shown[64];
        if (strcmp(sorted[i]->key, sorted[i - 1]->key) != 0)
            continue;
        its_report_add(r->report, "%s:%d:%d: '%s' is given twice, before in line %d", r->name,
                       sorted[i]->line, sorted[i]->column,
                       its_utf8_excerpt(sorted[i]->key, shown, sizeof(shown)), sorted[i - 1]->line);
    }
    free(sorted);
}

static void on_close(struct reader *r, const yaml_event_t *e)
{
    its_assert(r->depth > 0);
    struct open *o = &r->open[--r->depth];
    if (o->node->kind == ITS_YAML_MAP)
        report_twins(r, o->node);
    /* Only now: an alias inside its own anchor must not find it. */
    remember_anchor(r, o->anchor, o->node, e->start_mark);
}

/* Depth is that of the original: bounded. */
static struct its_yaml *copy_tree(struct reader *r, const struct its_yaml *from, yaml_mark_t at)
{
    struct its_yaml *n = node_new(r, from->kind, at);
    if (!n)
        return NULL;
    n->key = from->key;
    n->text = from->text;
    n->is_null = from->is_null;
    n->count = from->count;
    struct its_yaml **tail = &n->first;
    for (const struct its_yaml *c = from->first; c; c = c->next) {
        *tail = copy_tree(r, c, at);
        if (!*tail)
            return NULL;
        tail = &(*tail)->next;
    }
    return n;
}

static int height(const struct its_yaml *n)
{
    int most = 0;
    for (const struct its_yaml *c = n->first; c; c = c->next)
        most = ITS_MAX(most, height(c));
    return most + 1;
}

static void on_alias(struct reader *r, const yaml_event_t *e)
{
    const char *name = (const char *)e->data.alias.anchor;
    for (int i = r->anchor_count - 1; i >= 0; i--) {
        if (strcmp(r->anchor[i].name, name) != 0)
            continue;
        if (r->depth + height(r->anchor[i].node) > ITS_YAML_DEPTH_MAX) {
            fail(r, ITS_ETOOBIG, e->start_mark, "nested too deeply");
            return;
        }
        struct its_yaml *n = copy_tree(r, r->anchor[i].node, e->start_mark);
        if (!n)
            return;
        n->key = NULL;
        add(r, n, e->start_mark);
        return;
    }
    fail(r, ITS_ECONFIG, e->start_mark, "an alias (*) of an anchor (&) that is not defined before");
}

static void on_event(struct reader *r, const yaml_event_t *e)
{
    switch (e->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (++r->documents > 1)
            fail(r, ITS_ECONFIG, e->start_mark, "a second document (---); only one is read");
        break;
    case YAML_SCALAR_EVENT:
        on_text(r, e);
        break;
    case YAML_ALIAS_EVENT:
        on_alias(r, e);
        break;
    case YAML_SEQUENCE_START_EVENT:
        on_open(r, e, ITS_YAML_LIST);
        break;
    case YAML_MAPPING_START_EVENT:
        on_open(r, e, ITS_YAML_MAP);
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        on_close(r, e);
        break;
    default:
        break;
    }
}

static void read_events(struct reader *r, yaml_parser_t *p, const char *text, size_t bytes)
{
    bool end = false;
    while (!end && r->code == 0) {
        yaml_event_t e;
        if (!yaml_parser_parse(p, &e)) {
            fail_syntax(r, p, text, bytes);
            return;
        }
        end = e.type == YAML_STREAM_END_EVENT;
        on_event(r, &e);
        yaml_event_delete(&e);
    }
}

int its_yaml_parse(const char *text, size_t bytes, const char *name, struct its_arena *arena,
                   struct its_yaml **root, struct its_report *report)
{
    *root = NULL;
    if (bytes > ITS_YAML_BYTES_MAX) {
        its_report_add(report, "%s: %zu bytes; at most %d are read", name, bytes,
                       ITS_YAML_BYTES_MAX);
        return ITS_ETOOBIG;
    }
    if (bytes >= 3 &&
        memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* a byte order mark of some editors */
        text += 3;
        bytes -= 3;
    }

    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return -ENOMEM;
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, bytes);

    struct reader *r = its_malloc(sizeof(*r));
    *r = (struct reader){.name = name, .arena = arena, .report = report};
    unsigned errors_before = report->count;
    read_events(r, &parser, text, bytes);
    yaml_parser_delete(&parser);

    int code = r->code ? r->code : report->count > errors_before ? ITS_ECONFIG : 0;
    if (code == 0 && r->root && !r->root->is_null)
        *root = r->root;
    free(r);
    return code;
}

const char *its_yaml_kind_name(const struct its_yaml *node)
{
    if (node->is_null)
        return "nothing";
    return node->kind == ITS_YAML_MAP ? "a map" : node->kind == ITS_YAML_LIST ? "a list" : "text";
}

const char *its_yaml_library_version(void)
{
    return yaml_get_version_string();
}
