/* Clocks. Three names for three times, all int64 microseconds:
 * mono (intervals, deadlines), wall (calendar, UTC), and a stream's own pts (camera/packet.h). */
#pragma once

#include <stdint.h>

int64_t its_mono_us(void);
int64_t its_wall_us(void);
/* CPU time of the calling thread. */
int64_t its_thread_cpu_us(void);

/* "2026-05-04T12:34:56.789Z" into buf (at least 25 bytes). Returns buf. */
char *its_wall_format(int64_t wall_us, char buf[25]);
