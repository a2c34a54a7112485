/* What of a graph is quantised, and which tensors share a scale. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "nn/onnx/import.h"
#include "nn/quant/survey.h"
#include "tiny_models.h"

static struct its_graph *convs(void)
{
    struct tiny t = tiny_convs();
    struct its_str file = tiny_file(&t, 17, NULL);
    struct its_graph *g;
    struct its_error err = {0};
    if (its_onnx_import_bytes((const uint8_t *)its_str_get(&file), file.len, NULL, &g, &err) < 0 ||
        its_graph_infer(g, &err) < 0)
        fail_msg("%s", err.text);
    its_str_fini(&file);
    return g;
}

static const struct its_value *value(const struct its_graph *g, const char *name)
{
    for (int i = 0; i < g->value_count; i++)
        if (g->value[i]->name && strcmp(g->value[i]->name, name) == 0)
            return g->value[i];
    fail_msg("no value %s", name);
    return NULL;
}

static int group(const struct its_graph *g, const struct its_survey *s, const char *name)
{
    int i = its_survey_find(s, value(g, name));
    if (i < 0)
        fail_msg("%s is not in it", name);
    return s->group[i];
}

static void all_but_the_one(void **state)
{
    struct its_graph *g = convs();
    struct its_survey s;
    its_survey_make(g, NULL, &s);
    assert_int_equal(s.conv_count, 3);
    assert_string_equal(s.conv[0].node->name, "c1");
    assert_string_equal(s.conv[1].node->name, "c2");
    assert_int_equal(s.conv[1].groups, 2);
    assert_int_equal(s.conv[1].channels, 4);
    assert_int_equal(s.conv[1].each, 18);
    assert_string_equal(s.conv[2].node->name, "c3");
    assert_int_equal(its_survey_find(&s, value(g, "y")), -1);
    assert_int_equal(its_survey_find(&s, value(g, "c3")), -1); /* only "one" reads it */
    its_survey_fini(&s);
    its_graph_destroy(&g);
}

static void moved_tensors_share(void **state)
{
    struct its_graph *g = convs();
    struct its_survey s;
    its_survey_make(g, NULL, &s);
    int shared = group(g, &s, "both");
    assert_int_equal(group(g, &s, "r1"), shared);
    assert_int_equal(group(g, &s, "h1"), shared);
    assert_int_equal(group(g, &s, "h2"), shared);
    assert_int_equal(group(g, &s, "c2"), shared);
    assert_int_not_equal(group(g, &s, "x"), shared);
    assert_int_equal(s.tensor_count, 6);
    its_survey_fini(&s);
    its_graph_destroy(&g);
}

static void the_wide_are_left_alone(void **state)
{
    struct its_graph *g = convs();
    struct its_survey s;
    bool *wide = its_calloc((size_t)g->value_count, sizeof(*wide));
    wide[value(g, "c3")->id] = true;
    its_survey_make(g, wide, &s);
    assert_int_equal(s.conv_count, 2);
    assert_int_equal(its_survey_find(&s, value(g, "both")), -1); /* nothing reads it in bytes */
    assert_int_equal(group(g, &s, "h1"), group(g, &s, "r1"));
    its_survey_fini(&s);
    free(wide);
    its_graph_destroy(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_but_the_one),
        cmocka_unit_test(moved_tensors_share),
        cmocka_unit_test(the_wide_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
