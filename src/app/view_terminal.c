/* The live screen: cameras, the latency budget stage by stage, the newest crossings and log lines.
 *
 *   ITS Camera AI 0.1.0 …                                       q quits
 *   CAMERA      STATE   FPS  CPU TRACKS FORWARD   BACKWARD  LOST  P50  P99
 *   LATENCY     a bar per stage, of the 100 ms
 *   CROSSINGS and LOG share the rest */
#include "app/view.h"

#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "build_config.h"

#if HAVE_NCURSES
#include <ncurses.h>
#include <term.h>

#define LINES_KEPT 64
#define LINE_BYTES 240

/* A ring of the newest lines of text. */
struct ring {
    char line[LINES_KEPT][LINE_BYTES];
    unsigned count;
};

struct its_view {
    struct its_engine *engine; /* of the refresh under way */
    const char *title;
    SCREEN *screen;
    int64_t start_us;
    struct ring crossings;

    pthread_mutex_t lock;
    struct ring log; /* under lock: written by every thread that logs */
};

static void ring_add(struct ring *r, const char *text)
{
    snprintf(r->line[r->count++ % LINES_KEPT], LINE_BYTES, "%s", text);
}

/* --- the parts of the screen; each draws from row `y` on and returns the row below it */

/* Text from column x on, cut at the edge: what does not fit must not go on in the next row. */
static void put(int y, int x, const char *text)
{
    if (x < COLS)
        mvaddnstr(y, x, text, COLS - x);
}

static void heading(int y, const char *text)
{
    attron(A_BOLD);
    mvaddnstr(y, 0, text, COLS);
    attroff(A_BOLD);
}

static int draw_title(struct its_view *v)
{
    struct its_store_stats store;
    its_engine_read_store(v->engine, &store);
    int64_t s = (its_mono_us() - v->start_us) / 1000000;
    char text[LINE_BYTES];
    snprintf(text, sizeof(text), " %s   up %lld:%02lld:%02lld   %llu events stored, %u waiting%s",
             v->title, (long long)(s / 3600), (long long)(s / 60 % 60), (long long)(s % 60),
             (unsigned long long)store.safe, store.waiting,
             store.failing ? "   DATABASE FAILING, journal in use" : "");
    attron(A_REVERSE);
    mvprintw(0, 0, "%-*.*s", COLS, COLS, text);
    put(0, COLS > 10 ? COLS - 9 : 0, " q quits ");
    attroff(A_REVERSE);
    return 2;
}

static int state_colour(const struct its_camera_view *c)
{
    switch (c->life.state) {
    case ITS_CAMERA_LIVE:
        return c->sight == ITS_SIGHT_CLEAR ? COLOR_PAIR(1) : COLOR_PAIR(2) | A_BOLD;
    case ITS_CAMERA_LOST:
        return COLOR_PAIR(2) | A_BOLD;
    default:
        return COLOR_PAIR(3);
    }
}

static void draw_camera(int y, const struct its_seat_view *v)
{
    const struct its_camera_view *c = &v->camera;
    char forward[160], backward[160], id[17], text[LINE_BYTES];
    snprintf(id, sizeof(id), "%.16s", c->id);
    put(y, 0, id);
    attron(state_colour(c));
    put(y, 17, its_camera_state_name(c->life.state));
    attroff(state_colour(c));
    if (c->reason[0]) {
        put(y, 28, c->reason);
        return;
    }
    snprintf(text, sizeof(text), "%5.1f %5.2f %6d  %-22.22s %-22.22s %5llu %6.1f %6.1f", v->fps,
             v->cpu, c->tracks,
             its_view_counts(v->crossings[ITS_FORWARD], forward, sizeof(forward)),
             its_view_counts(v->crossings[ITS_BACKWARD], backward, sizeof(backward)),
             (unsigned long long)v->lost, (double)c->p50_us * 1e-3, (double)c->p99_us * 1e-3);
    put(y, 28, text);
}

static int draw_cameras(struct its_view *v, int y, int rows)
{
    struct its_seat_view seat;
    heading(y++, "CAMERA           STATE        FPS   CPU TRACKS  FORWARD                "
                 "BACKWARD                LOST P50 ms P99 ms");
    int count = 0, last = y + rows - 1;
    for (; its_engine_read_camera(v->engine, (unsigned)count, &seat); count++)
        if (count < rows)
            draw_camera(y + count, &seat);
    if (count <= rows)
        return y + count + 1;
    char text[64];
    snprintf(text, sizeof(text), "… and %d more: make the window taller", count - rows + 1);
    move(last, 0);
    clrtoeol();
    put(last, 0, text);
    return last + 2;
}

static int draw_stage(int y, const char *name, const struct its_hist *h)
{
    double p50 = (double)its_hist_quantile(h, 0.50) * 1e-3;
    double p99 = (double)its_hist_quantile(h, 0.99) * 1e-3;
    int room = COLS - 40, bar = (int)(p99 / 100.0 * room + 0.5);
    char text[64];
    snprintf(text, sizeof(text), "%-12s %8.2f %8.2f  ", name, p50, p99);
    put(y, 0, text);
    attron(COLOR_PAIR(p99 > 100 ? 2 : 1));
    for (int i = 0; i < bar && i < room; i++)
        addch('#');
    attroff(COLOR_PAIR(p99 > 100 ? 2 : 1));
    return y + 1;
}

static int draw_latency(struct its_view *v, int y)
{
    struct its_latency *l = its_malloc(sizeof(*l));
    its_engine_read_latency(v->engine, l);
    heading(y++, "LATENCY        P50 ms   P99 ms  (the bar is P99 of the 100 ms budget)");
    for (int s = 0; s < ITS_STAGE_COUNT; s++)
        if (l->stage[s].count)
            y = draw_stage(y, its_stage_name((enum its_stage)s), &l->stage[s]);
    y = draw_stage(y, "total", &l->total);
    free(l);
    return y + 1;
}

/* The newest lines that fit into rows, the newest last. */
static int draw_ring(const struct ring *r, int y, int rows)
{
    unsigned kept = r->count < LINES_KEPT ? r->count : LINES_KEPT;
    unsigned n = rows < 0 ? 0 : kept < (unsigned)rows ? kept : (unsigned)rows;
    for (unsigned i = r->count - n; i < r->count; i++)
        mvaddnstr(y++, 0, r->line[i % LINES_KEPT], COLS);
    return y;
}

static void draw(struct its_view *v)
{
    erase();
    int y = draw_title(v);
    y = draw_cameras(v, y, ITS_MAX(LINES / 3, 2));
    if (LINES - y > 14)
        y = draw_latency(v, y);
    int left = LINES - y, log_rows = ITS_MIN(left / 3, 6);
    if (left > 2) {
        heading(y++, "CROSSINGS");
        draw_ring(&v->crossings, y, left - log_rows - 2);
        y = LINES - log_rows - 1;
        heading(y++, "LOG");
        pthread_mutex_lock(&v->lock);
        draw_ring(&v->log, y, log_rows);
        pthread_mutex_unlock(&v->lock);
    }
    refresh();
}

/* --- the view */

static void on_log(void *ctx, enum its_log_level level, const char *line)
{
    struct its_view *v = ctx;
    pthread_mutex_lock(&v->lock);
    ring_add(&v->log, line);
    pthread_mutex_unlock(&v->lock);
}

static bool can_place_cursor(void)
{
    int found;
    if (setupterm(NULL, STDOUT_FILENO, &found) != OK)
        return false;
    const char *place = tigetstr("cup");
    bool can = place && place != (const char *)-1;
    del_curterm(cur_term);
    return can;
}

static struct its_view *terminal_open(const char *title)
{
    if (!can_place_cursor())
        return NULL;
    setlocale(LC_CTYPE, ""); /* for the terminal only: numbers keep their point */
    SCREEN *screen = newterm(NULL, stdout, stdin);
    if (!screen)
        return NULL;
    struct its_view *v = its_malloc(sizeof(*v));
    v->title = title;
    v->screen = screen;
    v->start_us = its_mono_us();
    pthread_mutex_init(&v->lock, NULL);
    cbreak();
    noecho();
    nodelay(stdscr, TRUE);
    keypad(stdscr, TRUE);
    curs_set(0);
    start_color();
    use_default_colors();
    init_pair(1, COLOR_GREEN, -1);
    init_pair(2, COLOR_RED, -1);
    init_pair(3, COLOR_YELLOW, -1);
    its_log_set_sink(on_log, v);
    return v;
}

static void terminal_crossings(struct its_view *v, const struct its_result *r)
{
    for (int i = 0; i < r->crossing_count; i++) {
        const struct its_crossing *c = &r->crossing[i];
        char when[25], text[LINE_BYTES];
        its_wall_format(c->capture_us, when);
        snprintf(text, sizeof(text), "%.12s  %-12s %-12s %-8s  %-10s #%llu", when + 11, r->camera,
                 c->line, its_direction_name(c->direction), its_class_name(c->cls),
                 (unsigned long long)c->track);
        ring_add(&v->crossings, text);
    }
}

static bool terminal_refresh(struct its_view *v, struct its_engine *engine)
{
    bool leave = false;
    for (int key; (key = getch()) != ERR;)
        leave |= key == 'q' || key == 'Q';
    v->engine = engine;
    draw(v);
    return leave;
}

static void terminal_close(struct its_view **pv)
{
    struct its_view *v = *pv;
    if (!v)
        return;
    *pv = NULL;
    its_log_set_sink(NULL, NULL);
    endwin();
    delscreen(v->screen);
    pthread_mutex_destroy(&v->lock);
    free(v);
}

#else

static struct its_view *terminal_open(const char *title)
{
    return NULL;
}

static void terminal_crossings(struct its_view *v, const struct its_result *r)
{
}

static bool terminal_refresh(struct its_view *v, struct its_engine *engine)
{
    return false;
}

static void terminal_close(struct its_view **v)
{
}

#endif

const struct its_view_ops its_view_terminal = {terminal_open, terminal_crossings, terminal_refresh,
                                               terminal_close};
