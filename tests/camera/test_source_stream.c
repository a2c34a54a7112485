/* Streams over HTTP and TCP: a thread serves what ffmpeg has made, as a camera would. */
#include "camera/source.h"

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

#include "base/clock.h"

enum { FRAMES = 50 };

static char dir[] = "/tmp/its-stream-XXXXXX";
static struct its_cancel *cancel;

/* --- the server: one connection, one answer */

struct server {
    int listener, port;
    const char *head; /* NULL: the body alone */
    const char *file; /* in dir; NULL: nothing, and the connection stays open */
    bool for_ever;    /* behind the file, zeros */
    char request[2048];
    pthread_t thread;
};

static void send_file(int fd, const char *name)
{
    char path[96], bytes[4096];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *f = fopen(path, "rb");
    for (size_t n; (n = fread(bytes, 1, sizeof(bytes), f)) > 0;)
        if (send(fd, bytes, n, MSG_NOSIGNAL) < 0)
            break;
    fclose(f);
}

static void *serve(void *arg)
{
    struct server *s = arg;
    for (int fd; (fd = accept(s->listener, NULL, NULL)) >= 0; close(fd)) {
        if (s->head) {
            ssize_t n = recv(fd, s->request, sizeof(s->request) - 1, 0);
            s->request[n > 0 ? n : 0] = 0;
            (void)!send(fd, s->head, strlen(s->head), MSG_NOSIGNAL);
        }
        if (s->file)
            send_file(fd, s->file);
        static const char zeros[65536];
        while (s->for_ever && send(fd, zeros, sizeof(zeros), MSG_NOSIGNAL) > 0) {
        }
        if (s->file)
            continue;
        for (char sink[64]; recv(fd, sink, sizeof(sink), 0) > 0;) {
        }
    }
    return NULL;
}

static void start_server(struct server *s, const char *head, const char *file)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(a);
    *s = (struct server){.head = head, .file = file};
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&a, len), 0);
    assert_int_equal(listen(s->listener, 1), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&a, &len), 0);
    s->port = ntohs(a.sin_port);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void stop_server(struct server *s)
{
    shutdown(s->listener, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->listener);
}

/* --- our side */

static int open_url(const char *url, struct its_source **s, struct its_error *err)
{
    struct its_source_settings set;
    its_source_defaults(&set);
    set.url = url;
    set.open_timeout_us = set.read_timeout_us = 3000000;
    *s = NULL;
    return its_source_open(&set, cancel, s, err);
}

static const char ok[] = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
static const char ok_parts[] = "HTTP/1.1 200 OK\r\nConnection: close\r\n"
                               "Content-Type: multipart/x-mixed-replace;boundary=ffmpeg\r\n\r\n";

static void plays(const char *scheme, const char *head, const char *file, const char *codec)
{
    struct server server;
    struct its_source *s;
    struct its_packet *p;
    struct its_error err = {0};
    char url[96];
    start_server(&server, head, file);
    snprintf(url, sizeof(url), "%s://127.0.0.1:%d/cam", scheme, server.port);
    if (open_url(url, &s, &err) < 0)
        fail_msg("%s: %s", file, err.text);
    assert_string_equal(its_source_info(s)->codec_name, codec);
    assert_int_equal(its_source_info(s)->coded_w, 320);
    int pictures = 0, code;
    int64_t last_us = -1;
    while ((code = its_source_read(s, &p, &err)) == 0) {
        assert_true(p->time_us > last_us);
        assert_true(pictures > 0 || p->key);
        assert_int_equal(p->capture_source, ITS_CAPTURE_ARRIVAL);
        assert_true(llabs(its_wall_us() - p->capture_us) < 1000000);
        last_us = p->time_us;
        pictures++;
        its_packet_unref(&p);
    }
    print_message("%s: %d pictures; %s\n", file, pictures, err.text);
    assert_int_equal(code, -ECONNRESET);           /* a camera does not end */
    assert_in_range(pictures, FRAMES - 1, FRAMES); /* the last may be cut off with the connection */
    its_source_close(&s);
    stop_server(&server);
}

static void test_mpegts(void **state)
{
    plays("http", ok, "a.ts", "h264");
}
static void test_mpegts_over_tcp(void **state)
{
    plays("tcp", NULL, "a.ts", "h264");
}
static void test_fragmented_mp4(void **state)
{
    plays("http", ok, "a.mp4", "h264");
}
static void test_jpeg_pictures(void **state)
{
    plays("http", ok_parts, "a.mjpeg", "mjpeg");
}

/* --- what is said */

static void expect_error(const char *head, const char *file, const char *user, int code,
                         const char *text)
{
    struct server server;
    struct its_source *s;
    struct its_error err = {0};
    char url[96];
    start_server(&server, head, file);
    snprintf(url, sizeof(url), "http://%s127.0.0.1:%d/cam", user, server.port);
    int rc = open_url(url, &s, &err);
    stop_server(&server);
    print_message("%s\n", err.text);
    if (rc != code || !strstr(err.text, text))
        fail_msg("%d '%s': expected %d '%s'", rc, err.text, code, text);
    assert_null(strstr(err.text, "hush"));
}

static void test_errors(void **state)
{
    static const char unauthorised[] = "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\n"
                                       "Content-Length: 0\r\nConnection: close\r\n\r\n";
    static const char missing[] = "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n";
    static const char away[] = "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n"
                               "Content-Length: 0\r\n\r\n";
    static const char list[] = "HTTP/1.1 200 OK\r\nContent-Length: 65\r\n\r\n";
    expect_error(unauthorised, "empty", "", ITS_EUNAUTHORISED, "asks for a user name");
    expect_error(unauthorised, "empty", "u:hu%40sh@", ITS_EUNAUTHORISED, "refuses the user name");
    expect_error(missing, "empty", "u:hush@", ITS_ENOTFOUND, "knows no stream at this path");
    expect_error(ok, NULL, "u:hush@", -ETIMEDOUT, "sends nothing");
    expect_error(ok, "page", "u:hush@", -EIO, "no video stream");
    expect_error(list, "list", "u:hush@", ITS_EUNSUPPORTED, "playlist");
    expect_error(away, "empty", "u:hush@", -EINVAL, "cannot open");

    struct its_source *s;
    struct its_error err = {0};
    assert_int_equal(open_url("http://u:hush@no-such-host.invalid/", &s, &err), ITS_EHOST);
    assert_int_equal(open_url("http://u:hush@127.0.0.1:1/", &s, &err), -ECONNREFUSED);
    assert_non_null(strstr(err.text, "nothing listens there"));
}

/* A JPEG picture that never ends. */
static void test_an_endless_picture(void **state)
{
    struct server server;
    struct its_source *s;
    struct its_packet *p;
    struct its_error err = {0};
    char url[96];
    start_server(&server, ok_parts, "a.mjpeg");
    server.for_ever = true;
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/cam", server.port);
    int code = open_url(url, &s, &err);
    while (code == 0 && (code = its_source_read(s, &p, &err)) == 0)
        its_packet_unref(&p);
    print_message("%s\n", err.text);
    its_source_close(&s);
    stop_server(&server);
    assert_int_equal(code, ITS_ETOOBIG);
}

/* The password as it was meant reaches the server. */
static void test_password_is_sent_decoded(void **state)
{
    struct server server;
    struct its_source *s;
    char url[96];
    start_server(&server,
                 "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\n"
                 "Content-Length: 0\r\nConnection: close\r\n\r\n",
                 "empty");
    snprintf(url, sizeof(url), "http://u:p@%%2Fq@127.0.0.1:%d/cam", server.port);
    assert_int_equal(open_url(url, &s, NULL), ITS_EUNAUTHORISED);
    stop_server(&server);
    if (!strstr(server.request, "Authorization: Basic dTpwQC9x\r\n")) /* u:p@/q */
        fail_msg("%s", server.request);
}

/* --- */

static void make(const char *how)
{
    char command[400];
    snprintf(command, sizeof(command),
             "ffmpeg -v error -y -f lavfi -i testsrc=s=320x240:r=25 -frames:v %d %s", FRAMES, how);
    if (chdir(dir) != 0 || system(command) != 0) {
        fprintf(stderr, "SKIPPED: ffmpeg cannot make the streams\n");
        exit(77);
    }
}

static void write_file(const char *name, const char *text)
{
    char path[96];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    fputs(text, f);
    fclose(f);
}

static int setup(void **state)
{
    assert_non_null(mkdtemp(dir));
    make("-c:v libx264 -tune zerolatency -g 25 a.ts");
    make("-c:v libx264 -tune zerolatency -g 25 -movflags frag_keyframe+empty_moov a.mp4");
    make("-c:v mjpeg -f mpjpeg a.mjpeg");
    write_file("empty", "");
    write_file("page", "<html><body>Welcome to your camera</body></html>\n");
    write_file("list", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://192.0.2.1/1.ts\n");
    cancel = its_cancel_create(NULL);
    return 0;
}

static int teardown(void **state)
{
    char command[64];
    its_cancel_destroy(&cancel);
    snprintf(command, sizeof(command), "rm -r %s", dir);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mpegts),
        cmocka_unit_test(test_mpegts_over_tcp),
        cmocka_unit_test(test_fragmented_mp4),
        cmocka_unit_test(test_jpeg_pictures),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_an_endless_picture),
        cmocka_unit_test(test_password_is_sent_decoded),
    };
    return cmocka_run_group_tests_name("camera/source_stream", tests, setup, teardown);
}
