/* Fetching files: what comes is what lies there, and what goes wrong leaves nothing behind. */
#include "camera/download.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/sha256.h"

static char dir[] = "/tmp/its-download-XXXXXX";
static char target[64], part[80];
static struct its_cancel *cancel;

/* --- a server of one answer */

struct server {
    int listener, port;
    const char *head;
    const char *body;
    size_t body_bytes;
    bool stays; /* sends no more, and does not close */
    pthread_t thread;
};

static void *serve(void *arg)
{
    struct server *s = arg;
    for (int fd; (fd = accept(s->listener, NULL, NULL)) >= 0; close(fd)) {
        char request[2048];
        (void)!recv(fd, request, sizeof(request), 0);
        (void)!send(fd, s->head, strlen(s->head), MSG_NOSIGNAL);
        (void)!send(fd, s->body, s->body_bytes, MSG_NOSIGNAL);
        while (s->stays && recv(fd, request, sizeof(request), 0) > 0) {
        }
    }
    return NULL;
}

static void start(struct server *s)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(a);
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&a, len), 0);
    assert_int_equal(listen(s->listener, 4), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&a, &len), 0);
    s->port = ntohs(a.sin_port);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void stop(struct server *s)
{
    shutdown(s->listener, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->listener);
}

static const char closing[] = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";

/* --- our side */

struct seen {
    int calls;
    int64_t bytes, total;
};

static void count_progress(void *ctx, int64_t bytes, int64_t total)
{
    struct seen *seen = ctx;
    assert_true(bytes > seen->bytes);
    *seen = (struct seen){seen->calls + 1, bytes, total};
}

static int fetch(const char *url, int64_t bytes_max, struct seen *seen, char sha256[65])
{
    struct its_error err = {0};
    struct its_download_settings s = {
        .url = url,
        .path = target,
        .bytes_max = bytes_max,
        .idle_us = 400000,
        .on_progress = seen ? count_progress : NULL,
        .ctx = seen,
    };
    int rc = its_download_fetch(&s, cancel, sha256, &err);
    print_message("%s: %d %s\n", url, rc, rc < 0 ? err.text : "");
    assert_true(rc == 0 || err.text[0]);
    if (rc < 0)
        assert_int_equal(access(part, F_OK), -1);
    return rc;
}

static int fetch_from(struct server *s, int64_t bytes_max, struct seen *seen, char sha256[65])
{
    char url[96];
    start(s);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/model.onnx", s->port);
    int rc = fetch(url, bytes_max, seen, sha256);
    stop(s);
    return rc;
}

static void all_of_it(void **state)
{
    enum { BYTES = 300000 };
    char *body = malloc(BYTES), head[96], is[65], expected[65];
    for (int i = 0; i < BYTES; i++)
        body[i] = (char)(i * 7 + i / 251);
    its_sha256_hex(body, BYTES, expected);
    snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", BYTES);
    struct server s = {.head = head, .body = body, .body_bytes = BYTES};
    struct seen seen = {0};
    assert_int_equal(fetch_from(&s, 1 << 20, &seen, is), 0);
    assert_string_equal(is, expected);
    assert_int_equal(seen.bytes, BYTES);
    assert_int_equal(seen.total, BYTES);

    /* It has its name only now, and is what was sent. */
    assert_int_equal(access(target, F_OK), -1);
    assert_int_equal(its_download_accept(target, NULL), 0);
    char *back = malloc(BYTES + 1);
    FILE *f = fopen(target, "rb");
    assert_int_equal(fread(back, 1, BYTES + 1, f), BYTES);
    fclose(f);
    assert_memory_equal(back, body, BYTES);
    assert_int_equal(access(part, F_OK), -1);
    unlink(target);
    free(back);
    free(body);
}

static void rejected_it_is_gone(void **state)
{
    char is[65];
    struct server s = {.head = closing, .body = "abc", .body_bytes = 3};
    assert_int_equal(fetch_from(&s, 100, NULL, is), 0);
    assert_int_equal(access(part, F_OK), 0);
    its_download_reject(target);
    assert_int_equal(access(part, F_OK), -1);
}

static void what_goes_wrong(void **state)
{
    char is[65];
    struct server absent = {.head = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"};
    assert_int_equal(fetch_from(&absent, 100, NULL, is), ITS_ENOTFOUND);
    struct server secret = {.head = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"};
    assert_int_equal(fetch_from(&secret, 100, NULL, is), ITS_EUNAUTHORISED);
    struct server large = {.head = closing, .body = "abcdef", .body_bytes = 6};
    assert_int_equal(fetch_from(&large, 5, NULL, is), ITS_ETOOBIG);
    struct server empty = {.head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};
    assert_int_equal(fetch_from(&empty, 5, NULL, is), ITS_EDAMAGED);
    struct server cut = {
        .head = "HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n", .body = "abcdef", .body_bytes = 6};
    assert_true(fetch_from(&cut, 100, NULL, is) < 0);
    struct server silent = {.head = "HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n",
                            .body = "abcdef",
                            .body_bytes = 6,
                            .stays = true};
    assert_int_equal(fetch_from(&silent, 100, NULL, is), -ETIMEDOUT);
    assert_int_equal(fetch("http://127.0.0.1:1/x", 100, NULL, is), -ECONNREFUSED);
}

static void only_the_web(void **state)
{
    char is[65];
    assert_int_equal(fetch("file:///etc/passwd", 1 << 20, NULL, is), -EINVAL);
    assert_int_equal(fetch("/etc/passwd", 1 << 20, NULL, is), -EINVAL);
    struct server elsewhere = {
        .head = "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"};
    assert_int_equal(fetch_from(&elsewhere, 1 << 20, NULL, is), ITS_EUNSUPPORTED);
}

static void cancelled(void **state)
{
    char is[65];
    struct its_cancel *all = cancel;
    cancel = its_cancel_create(NULL);
    its_cancel_trigger(cancel);
    struct server s = {.head = closing, .body = "abc", .body_bytes = 3};
    assert_int_equal(fetch_from(&s, 100, NULL, is), ITS_ECANCELLED);
    its_cancel_destroy(&cancel);
    cancel = all;
}

static int set_up(void **state)
{
    assert_non_null(mkdtemp(dir));
    snprintf(target, sizeof(target), "%s/model.onnx", dir);
    snprintf(part, sizeof(part), "%s.part", target);
    cancel = its_cancel_create(NULL);
    return 0;
}

static int tear_down(void **state)
{
    its_cancel_destroy(&cancel);
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_it),       cmocka_unit_test(rejected_it_is_gone),
        cmocka_unit_test(what_goes_wrong), cmocka_unit_test(only_the_web),
        cmocka_unit_test(cancelled),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
