#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "camera/demo.h"

static void is_made_once(void **state)
{
    char folder[] = "/tmp/its-demo-XXXXXX";
    assert_non_null(mkdtemp(folder));
    for (int kind = 0; kind < ITS_SCENE_COUNT; kind++) {
        struct its_demo first, again;
        struct its_error err = {0};
        int code = its_demo_make(folder, (enum its_scene_kind)kind, &first, &err);
        if (code == ITS_EUNSUPPORTED) {
            fprintf(stderr, "SKIPPED: %s\n", err.text);
            exit(77);
        }
        if (code < 0)
            fail_msg("%s", err.text);
        struct stat made, found;
        assert_int_equal(stat(first.path, &made), 0);
        assert_true(made.st_size > 100000);
        assert_true(first.lines >= 2 && first.frames >= 20 * first.fps);
        assert_int_equal(its_demo_make(folder, (enum its_scene_kind)kind, &again, &err), 0);
        assert_int_equal(stat(again.path, &found), 0);
        assert_true(made.st_ino == found.st_ino);
        assert_memory_equal(&first, &again, sizeof(first));
        unlink(first.path);
    }
    assert_int_equal(rmdir(folder), 0);
}

static void says_where_it_failed(void **state)
{
    struct its_demo demo;
    struct its_error err = {0};
    int code = its_demo_make("/nonexistent", ITS_SCENE_HIGHWAY, &demo, &err);
    assert_true(code == -ENOENT || code == ITS_EUNSUPPORTED);
    assert_non_null(strstr(err.text, "/nonexistent"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_made_once),
        cmocka_unit_test(says_where_it_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
