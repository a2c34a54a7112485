#include "base/report.h"

#include <stdarg.h>
#include <stdio.h>

void its_report_add(struct its_report *r, const char *fmt, ...)
{
    r->count++;
    if (r->count > ITS_REPORT_LINES) {
        r->text.len = r->kept_bytes;
        its_str_printf(&r->text, "… and %u more\n", r->count - ITS_REPORT_LINES);
        return;
    }
    char line[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    its_str_puts(&r->text, line);
    its_str_putc(&r->text, '\n');
    r->kept_bytes = r->text.len;
}

const char *its_report_text(const struct its_report *r)
{
    return its_str_get(&r->text);
}

void its_report_fini(struct its_report *r)
{
    its_str_fini(&r->text);
    *r = (struct its_report){0};
}
