/* The simulated street as a camera. */
#include "camera/source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <libavcodec/avcodec.h>

#include "base/attr.h"
#include "base/clock.h"

static struct its_cancel *cancel;

static int try_open(const char *url, bool paced, struct its_source **s, struct its_error *err)
{
    struct its_source_settings set;
    its_source_defaults(&set);
    set.url = url;
    set.paced = paced;
    return its_source_open(&set, cancel, s, err);
}

static struct its_source *open_or_skip(const char *url, bool paced)
{
    struct its_source *s = NULL;
    struct its_error err = {0};
    int rc = try_open(url, paced, &s, &err);
    if (rc == ITS_EUNSUPPORTED) {
        fprintf(stderr, "SKIPPED: %s\n", err.text);
        exit(77);
    }
    if (rc < 0)
        fail_msg("%s", err.text);
    return s;
}

static uint64_t read_all(const char *url, int fps, int frames)
{
    struct its_source *s = open_or_skip(url, false);
    struct its_packet *p;
    uint64_t hash = 1;
    const struct its_stream_info *info = its_source_info(s);
    assert_string_equal(info->codec_name, "h264");
    assert_true(info->codec->extradata_size > 0);
    assert_int_equal(its_source_frames(s), frames);
    for (int i = 0; i < frames; i++) {
        assert_int_equal(its_source_read(s, &p, NULL), 0);
        assert_int_equal(p->seq, i);
        assert_int_equal(p->epoch, 0);
        assert_int_equal(p->key, i % (2 * fps) == 0);
        assert_int_equal(p->av->pts, p->av->dts);
        assert_true(llabs(p->time_us - (int64_t)i * 1000000 / fps) <= 1);
        assert_true(p->has_time && p->arrived_us > 0 && p->capture_us > 0);
        for (int k = 0; k < p->av->size; k++)
            hash = (hash ^ p->av->data[k]) * 0x100000001b3u;
        its_packet_unref(&p);
    }
    assert_int_equal(its_source_read(s, &p, NULL), ITS_EEOF);
    assert_int_equal(its_source_resume_point(s).time_us, (int64_t)frames * 1000000 / fps);
    its_source_close(&s);
    return hash;
}

static void same_seed_same_packets(void **state)
{
    uint64_t a = read_all("sim:junction?size=320x180&fps=10&duration=4.5&seed=3", 10, 45);
    uint64_t b = read_all("sim:junction?size=320x180&fps=10&duration=4.5&seed=3", 10, 45);
    uint64_t c = read_all("sim:junction?size=320x180&fps=10&duration=4.5&seed=4", 10, 45);
    assert_true(a == b && a != c);
}

static void keeps_a_bit_rate(void **state)
{
    struct its_source *s =
        open_or_skip("sim:highway?size=640x360&duration=8&bitrate=300&noise=3", false);
    struct its_packet *p;
    uint64_t bytes = 0;
    while (its_source_read(s, &p, NULL) == 0) {
        bytes += p->bytes;
        its_packet_unref(&p);
    }
    its_source_close(&s);
    double kbps = (double)bytes * 8 / 8 / 1000;
    print_message("asked for 300 kbit/s, got %.0f\n", kbps);
    assert_true(kbps > 150 && kbps < 400);
}

/* Unpaced it ends by itself, paced only when told to. */
static void ends_or_not(void **state)
{
    struct its_source *s = open_or_skip("sim:highway?size=64x64", false);
    assert_int_equal(its_source_frames(s), 900);
    its_source_close(&s);
    s = open_or_skip("sim:highway?size=64x64", true);
    assert_int_equal(its_source_frames(s), 0);
    its_source_close(&s);
}

static void runs_at_its_own_pace(void **state)
{
    int64_t since = its_mono_us(), last = 0; /* not the first picture: that may be late */
    struct its_source *s = open_or_skip("sim:highway?size=64x64&fps=50", true);
    struct its_packet *p;
    for (int i = 0; i < 11; i++) {
        assert_int_equal(its_source_read(s, &p, NULL), 0);
        last = p->arrived_us;
        its_packet_unref(&p);
    }
    assert_true(last - since >= 199000); /* ten steps of 20 ms; a busy machine takes longer */
    its_cancel_trigger(cancel);
    assert_int_equal(its_source_read(s, &p, NULL), ITS_ECANCELLED);
    its_source_close(&s);
}

static void refuses_in_plain_words(void **state)
{
    static const struct {
        const char *url, *error;
    } cases[] = {
        {"sim:", "there is no scene ''"},
        {"sim:motorway", "there is no scene 'motorway' (expected highway or junction)"},
        {"sim:highway?lanes=3", "there is no option 'lanes'"},
        {"sim:highway?density=2", "density: '2' is out of range (expected 0 to 1)"},
        {"sim:highway?size=961x540", "size: '961x540' is not a size"},
        {"sim:highway?size", "size: '' is not a size"},
        {"sim:highway?fps=fast", "fps: 'fast' is not a number"},
        {"sim:highway?"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         "is too long"},
    };
    for (size_t i = 0; i < ITS_ARRAY_LEN(cases); i++) {
        struct its_source *s = NULL;
        struct its_error err = {0};
        assert_int_equal(try_open(cases[i].url, false, &s, &err), -EINVAL);
        assert_null(s);
        if (!strstr(err.text, cases[i].error))
            fail_msg("%s: %s", cases[i].url, err.text);
    }
}

static int make_cancel(void **state)
{
    cancel = its_cancel_create(NULL);
    return 0;
}

static int drop_cancel(void **state)
{
    its_cancel_destroy(&cancel);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(same_seed_same_packets, make_cancel, drop_cancel),
        cmocka_unit_test_setup_teardown(keeps_a_bit_rate, make_cancel, drop_cancel),
        cmocka_unit_test_setup_teardown(ends_or_not, make_cancel, drop_cancel),
        cmocka_unit_test_setup_teardown(runs_at_its_own_pace, make_cancel, drop_cancel),
        cmocka_unit_test_setup_teardown(refuses_in_plain_words, make_cancel, drop_cancel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
