/* The file format, and what happens to a file that was cut or damaged anywhere. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "store/journal.h"
#include "tests/store/temp.h"

static struct its_record crossing(uint64_t n)
{
    struct its_record r = {.kind = ITS_RECORD_CROSSING, .event = temp_event(n, (int64_t)n * 1000)};
    r.id.bytes[15] = (uint8_t)n;
    r.id.bytes[14] = (uint8_t)(n >> 8);
    return r;
}

static struct its_record minute(uint64_t n)
{
    struct its_record r = {
        .kind = ITS_RECORD_MINUTE,
        .minute = {"cam-1", (int64_t)n * ITS_MINUTE_US, 60000000, n, 2, 3, 4, true}};
    r.id.bytes[15] = (uint8_t)n;
    return r;
}

static void comes_back_as_it_went(void **state)
{
    uint8_t a[ITS_JOURNAL_RECORD_MAX], b[ITS_JOURNAL_RECORD_MAX];
    struct its_record in = crossing(77), out;
    in.event.crossing.track = UINT64_MAX;
    in.event.crossing.line_revision = -1;
    in.event.crossing.at.x = -0.0f;
    memset(in.event.camera, 'c', ITS_CAMERA_MAX);
    memset(in.event.crossing.line, 'l', ITS_NAME_MAX);
    size_t n = its_journal_encode(&in, a);
    assert_int_equal(its_journal_decode(a, n, &out), n);
    assert_int_equal(out.event.crossing.track, UINT64_MAX);
    assert_int_equal(out.event.crossing.line_revision, -1);
    assert_string_equal(out.event.camera, in.event.camera);
    assert_int_equal(its_journal_encode(&out, b), n);
    assert_memory_equal(a, b, n);

    in = minute(5);
    n = its_journal_encode(&in, a);
    assert_int_equal(its_journal_decode(a, n, &out), n);
    assert_int_equal(out.minute.frames_used, 5);
    assert_true(out.minute.view_invalid);
    assert_int_equal(its_journal_encode(&out, b), n);
    assert_memory_equal(a, b, n);
}

/* The bytes are an interface: a journal of an older version must be read for ever. These were made
 * by another program (Python's struct and zlib) from the description in journal.h. */
static void bytes_stay_as_they_are(void **state)
{
    static const uint8_t golden[] = {
        0x49, 0x54, 0x4a, 0x31, 0x44, 0x00, 0x00, 0x00, 0x57, 0x4c, 0xe8, 0xe0, 0x02, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x01, 0x05, 0x63, 0x61, 0x6d, 0x2d, 0x31, 0x00, 0x87, 0x93, 0x03, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x87, 0x93, 0x03, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00, 0x01,
    };
    uint8_t now[ITS_JOURNAL_RECORD_MAX];
    struct its_record r = minute(1);
    size_t n = its_journal_encode(&r, now);
    for (size_t i = 0; i < n; i++)
        if (n != sizeof(golden) || now[i] != golden[i])
            fail_msg("byte %zu of %zu is 0x%02x", i, n, now[i]);
}

static void any_flipped_bit_is_noticed(void **state)
{
    uint8_t bytes[ITS_JOURNAL_RECORD_MAX];
    struct its_record r = crossing(1);
    size_t n = its_journal_encode(&r, bytes);
    for (size_t i = 0; i < 8 * n; i++) {
        bytes[i / 8] ^= (uint8_t)(1 << i % 8);
        assert_true(its_journal_decode(bytes, n, &r) <= 0);
        bytes[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    for (size_t i = 0; i < n; i++)
        assert_int_equal(its_journal_decode(bytes, i, &r), 0);
}

static struct its_journal *open_journal(const struct temp *t)
{
    struct its_journal *j;
    struct its_error err;
    if (its_journal_open(t->journal, &j, &err) < 0)
        fail_msg("%s", err.text);
    return j;
}

static int count(struct its_journal *j, uint64_t *last)
{
    struct its_record r;
    int64_t at = 0;
    int n = 0;
    while (its_journal_next(j, &at, &r) > 0) {
        n++;
        *last = r.event.crossing.track;
    }
    return n;
}

static void fill(const struct temp *t, uint64_t from, uint64_t upto)
{
    struct its_journal *j = open_journal(t);
    for (uint64_t n = from; n < upto; n++) {
        struct its_record r = crossing(n);
        assert_int_equal(its_journal_put(j, &r), 0);
    }
    assert_int_equal(its_journal_commit(j), 0);
    its_journal_close(&j);
}

static int64_t size_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_size;
}

static void keeps_what_was_committed(void **state)
{
    struct temp t = temp_make();
    uint64_t last = 0;
    fill(&t, 0, 2000); /* several windows */
    fill(&t, 2000, 2010);
    struct its_journal *j = open_journal(&t);
    assert_int_equal(count(j, &last), 2010);
    assert_int_equal(last, 2009);
    struct its_record r = crossing(3000);
    assert_int_equal(its_journal_put(j, &r), 0); /* never committed */
    assert_int_equal(count(j, &last), 2010);
    assert_int_equal(its_journal_clear(j), 0);
    assert_int_equal(its_journal_size(j), 0);
    its_journal_close(&j);
    temp_remove(&t);
}

static void is_for_one_at_a_time(void **state)
{
    struct temp t = temp_make();
    struct its_journal *a = open_journal(&t), *b;
    struct its_error err;
    assert_int_equal(its_journal_open(t.journal, &b, &err), -EBUSY);
    assert_null(b);
    its_journal_close(&a);
    temp_remove(&t);
}

/* Cut at every length: whole records before the cut stay, and new ones can follow. */
static void cut_anywhere(void **state)
{
    struct temp t = temp_make();
    uint8_t bytes[2 * ITS_JOURNAL_RECORD_MAX];
    struct its_record r = crossing(0), s = crossing(1);
    size_t one = its_journal_encode(&r, bytes);
    size_t two = one + its_journal_encode(&s, bytes + one);
    uint64_t last = 0;
    for (size_t cut = 0; cut <= two; cut++) {
        FILE *f = fopen(t.journal, "w");
        assert_int_equal(fwrite(bytes, 1, cut, f), cut);
        fclose(f);
        fill(&t, 50, 51);
        struct its_journal *j = open_journal(&t);
        assert_int_equal(count(j, &last), (cut >= one) + (cut >= two) + 1);
        assert_int_equal(last, 50);
        its_journal_close(&j);
    }
    temp_remove(&t);
}

static void damage_in_the_middle_costs_one_record(void **state)
{
    struct temp t = temp_make();
    uint64_t last = 0;
    fill(&t, 0, 600);
    int64_t one = size_of(t.journal) / 600;
    int fd = open(t.journal, O_RDWR);
    assert_int_equal(pwrite(fd, "damage", 6, 300 * one + 2), 6);
    close(fd);
    struct its_journal *j = open_journal(&t);
    assert_int_equal(count(j, &last), 599);
    assert_int_equal(last, 599);
    its_journal_close(&j);
    temp_remove(&t);
}

static void a_failed_batch_is_not_in_it(void **state)
{
    struct temp t = temp_make();
    struct rlimit before, low;
    uint64_t last = 0;
    fill(&t, 0, 10);
    int64_t good = size_of(t.journal);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    low = before;
    low.rlim_cur = (rlim_t)good + 150; /* one record and a half */
    struct its_journal *j = open_journal(&t);
    struct its_record r = crossing(11), s = crossing(12);
    assert_int_equal(its_journal_put(j, &r), 0);
    assert_int_equal(its_journal_put(j, &s), 0);
    setrlimit(RLIMIT_FSIZE, &low);
    assert_int_equal(its_journal_commit(j), -EFBIG);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(size_of(t.journal), good);
    assert_int_equal(count(j, &last), 10);
    assert_int_equal(its_journal_put(j, &s), 0);
    assert_int_equal(its_journal_commit(j), 0);
    assert_int_equal(count(j, &last), 11);
    assert_int_equal(last, 12);
    its_journal_close(&j);
    temp_remove(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back_as_it_went),
        cmocka_unit_test(bytes_stay_as_they_are),
        cmocka_unit_test(any_flipped_bit_is_noticed),
        cmocka_unit_test(keeps_what_was_committed),
        cmocka_unit_test(is_for_one_at_a_time),
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(damage_in_the_middle_costs_one_record),
        cmocka_unit_test(a_failed_batch_is_not_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
