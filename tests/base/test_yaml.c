#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/yaml.h"

static struct its_arena *arena;
static struct its_report report;

static int parse_bytes(const char *text, size_t bytes, struct its_yaml **root)
{
    its_arena_destroy(&arena);
    its_report_fini(&report);
    arena = its_arena_create(0);
    return its_yaml_parse(text, bytes, "t.yaml", arena, root, &report);
}

static int parse(const char *text, struct its_yaml **root)
{
    return parse_bytes(text, strlen(text), root);
}

static int teardown(void **state)
{
    its_arena_destroy(&arena);
    its_report_fini(&report);
    return 0;
}

static void knows_lines_and_columns(void **state)
{
    struct its_yaml *root;
    assert_int_equal(parse("# top\na: 1\nb:\n  c: [x, 'y']\n  d:\n", &root), 0);
    assert_int_equal(root->kind, ITS_YAML_MAP);
    assert_int_equal(root->count, 2);

    const struct its_yaml *a = root->first, *b = a->next, *c = b->first, *d = c->next;
    assert_string_equal(a->key, "a");
    assert_string_equal(a->text, "1");
    assert_int_equal(a->line, 2);
    assert_int_equal(a->column, 1);
    assert_int_equal(c->line, 4);
    assert_int_equal(c->column, 3);
    assert_int_equal(c->kind, ITS_YAML_LIST);
    assert_int_equal(c->count, 2);
    assert_int_equal(c->first->next->column, 10);
    assert_string_equal(c->first->next->text, "y");
    assert_true(d->is_null);
    assert_null(d->next);
    assert_string_equal(its_yaml_kind_name(b), "a map");
    assert_string_equal(its_yaml_kind_name(c), "a list");
    assert_string_equal(its_yaml_kind_name(d), "nothing");
}

static void only_plain_words_are_null(void **state)
{
    struct its_yaml *root;
    assert_int_equal(parse("[~, null, '', 'null', \"~\", nul]", &root), 0);
    static const bool is_null[] = {true, true, false, false, false, false};
    size_t i = 0;
    for (const struct its_yaml *c = root->first; c; c = c->next)
        assert_int_equal(c->is_null, is_null[i++]);
    assert_int_equal(i, 6);
}

static void empty_documents_have_no_root(void **state)
{
    static const char *const texts[] = {"",      "\n\n",         "# nothing\n",
                                        "---\n", "--- ~\n...\n", "\xef\xbb\xbf"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct its_yaml *root = (struct its_yaml *)&root;
        assert_int_equal(parse(texts[i], &root), 0);
        assert_null(root);
    }
}

static void aliases_are_copies(void **state)
{
    struct its_yaml *root;
    assert_int_equal(parse("a: &x {k: [1, 2]}\nb: *x\nc: *x\n", &root), 0);
    const struct its_yaml *a = root->first, *b = a->next;
    assert_string_equal(b->key, "b");
    assert_int_equal(b->line, 2);
    assert_ptr_not_equal(a->first, b->first);
    assert_string_equal(b->first->key, "k");
    assert_int_equal(b->first->count, 2);
    assert_string_equal(b->first->first->next->text, "2");
}

static void mistakes_have_places(void **state)
{
    static const struct {
        const char *text, *report;
    } cases[] = {
        {"a: 1\nb: 2\na: 3\n", "t.yaml:3:1: 'a' is given twice, before in line 1\n"},
        {"x:\n  a: 1\n  a: 2\ny: {b: 1, b: 2}\n",
         "t.yaml:3:3: 'a' is given twice, before in line 2\n"
         "t.yaml:4:11: 'b' is given twice, before in line 4\n"},
        {"a: [1, 2\nb: 3\n", "t.yaml:2:2: not valid YAML: did not find expected ',' or ']' "
                             "while parsing a flow sequence (line 1)\n"},
        {"ä:\n\tb: 1\n", "t.yaml:2:1: not valid YAML: a tab; indent with spaces\n"},
        {"a: @x\n", "t.yaml:1:4: not valid YAML: found character that cannot start any token\n"},
        {"a: b: c\n",
         "t.yaml:1:5: not valid YAML: mapping values are not allowed in this context\n"},
        {"a: 1\n--- \nb: 2\n", "t.yaml:2:1: a second document (---); only one is read\n"},
        {"a: !!int 1\n", "t.yaml:1:4: tags (!…) are not supported\n"},
        {"a: !x [1]\n", "t.yaml:1:4: tags (!…) are not supported\n"},
        {"a: *x\n", "t.yaml:1:4: an alias (*) of an anchor (&) that is not defined before\n"},
        {"a: &x [1, *x]\n",
         "t.yaml:1:11: an alias (*) of an anchor (&) that is not defined before\n"},
        {"? [1]\n: 2\n", "t.yaml:1:3: a key must be text\n"},
        {"ä: \"a\\0b\"\n", "t.yaml:1:4: a NUL character\n"},
        {"a: 1\nbü: \xff\n", "t.yaml:2:5: not valid UTF-8\n"},
        {"a: \xed\xa0\x80\n", "t.yaml:1:4: not valid UTF-8\n"},
        {"a: \x01\n", "t.yaml:1:4: a control character\n"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct its_yaml *root;
        assert_int_equal(parse(cases[i].text, &root), ITS_ECONFIG);
        assert_null(root);
        assert_string_equal(its_report_text(&report), cases[i].report);
    }
    struct its_yaml *root;
    assert_int_equal(parse_bytes("a: b\0c\n", 7, &root), ITS_ECONFIG);
    assert_string_equal(its_report_text(&report), "t.yaml:1:5: a control character\n");
}

/* "[[[…" or "k: {k: {…" of that depth, closed. */
static int parse_nested(int depth, struct its_yaml **root)
{
    char text[512] = "";
    memset(text, '[', (size_t)depth);
    memset(text + depth, ']', (size_t)depth);
    return parse(text, root);
}

static void depth_is_bounded(void **state)
{
    struct its_yaml *root;
    assert_int_equal(parse_nested(ITS_YAML_DEPTH_MAX, &root), 0);
    assert_int_equal(parse_nested(ITS_YAML_DEPTH_MAX + 1, &root), ITS_ETOOBIG);
    assert_string_equal(its_report_text(&report), "t.yaml:1:33: nested too deeply\n");
    assert_int_equal(parse_nested(200, &root), ITS_ETOOBIG);

    /* Aliases must not dig deeper than what they copy may lie. */
    char text[256] = "a: &a [[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]\n"
                     "b: [[[[[[[[[[[[[[[[[[[[*a]]]]]]]]]]]]]]]]]]]]\n";
    assert_int_equal(parse(text, &root), ITS_ETOOBIG);
    assert_string_equal(its_report_text(&report), "t.yaml:2:24: nested too deeply\n");
}

static void laughs_are_bounded(void **state)
{
    static const char text[] = "a: &a [x,x,x,x,x,x,x,x,x]\n"
                               "b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
                               "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
                               "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
                               "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\n"
                               "f: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n";
    struct its_yaml *root;
    assert_int_equal(parse(text, &root), ITS_ETOOBIG);
    assert_non_null(strstr(its_report_text(&report), "too many values (aliases count as copies)"));
}

static void size_is_bounded(void **state)
{
    static char text[ITS_YAML_BYTES_MAX + 1];
    struct its_yaml *root;
    memset(text, '#', sizeof(text));
    assert_int_equal(parse_bytes(text, sizeof(text) - 1, &root), 0);
    assert_int_equal(parse_bytes(text, sizeof(text), &root), ITS_ETOOBIG);
    assert_string_equal(its_report_text(&report),
                        "t.yaml: 1048577 bytes; at most 1048576 are read\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_lines_and_columns),      cmocka_unit_test(only_plain_words_are_null),
        cmocka_unit_test(empty_documents_have_no_root), cmocka_unit_test(aliases_are_copies),
        cmocka_unit_test(mistakes_have_places),         cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(laughs_are_bounded),           cmocka_unit_test(size_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, teardown);
}
