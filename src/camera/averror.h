/* libav's error codes become ours at this border. */
#pragma once

/* 0 or negative, from base/err.h. */
int its_averror_map(int averror);

/* libav's own log lines go to ours: errors as debug lines, since a damaged stream would write
 * hundreds and we count them instead. Call once at start. */
void its_av_log_adopt(void);
