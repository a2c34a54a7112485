#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "sim/rain.h"

enum { W = 320, H = 180 };

static int changed(const struct its_i420 *p, int grey)
{
    int n = 0;
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            int v = p->plane[0][y * p->stride[0] + x];
            assert_true(v >= grey && v <= 235); /* only ever brighter */
            n += v != grey;
        }
    return n;
}

static void drops_fall(void **state)
{
    struct its_i420 a, b;
    assert_int_equal(its_i420_init(&a, W, H), 0);
    assert_int_equal(its_i420_init(&b, W, H), 0);
    size_t bytes = (size_t)a.stride[0] * H;
    for (int grey = 100; grey <= 235; grey += 135) {
        memset(a.plane[0], grey, bytes);
        memset(b.plane[0], grey, bytes);
        its_rain_fall(&a, 7, 3);
        its_rain_fall(&b, 7, 3);
        assert_memory_equal(a.plane[0], b.plane[0], bytes);
        int n = changed(&a, grey);
        printf("luma %d: %d of %d pixels\n", grey, n, W * H);
        assert_true(grey == 235 ? n == 0 : n > 100 && n < W * H / 20);
    }
    memset(a.plane[0], 100, bytes);
    memset(b.plane[0], 100, bytes);
    its_rain_fall(&a, 7, 3);
    its_rain_fall(&b, 7, 4);
    assert_memory_not_equal(a.plane[0], b.plane[0], bytes);
    its_i420_fini(&a);
    its_i420_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(drops_fall)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
