/* Counts what a program takes from malloc and its kin while it is asked to. The program is linked
 * with --wrap for the four of them (tests/base/meson.build), which reaches our library but
 * not shared ones. Any thread. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

extern _Atomic bool counting;
extern _Atomic uint64_t calls;
