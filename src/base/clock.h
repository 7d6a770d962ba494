/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Time in milliseconds. clock_wall: since 1970 UTC, may jump; for people and for rows.
 * clock_steady: never jumps; for deadlines inside one process.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

enum { CLOCK_TEXT = 32 };

int64_t clock_wall(void);
int64_t clock_steady(void);
int64_t clock_steady_ns(void); /* the same in nanoseconds, to measure with */
const char *clock_rfc3339(int64_t unix_ms, char out[CLOCK_TEXT]); /* 2026-11-22T03:34:07.120Z */
/* RFC 3339, or parts of it: a date alone (*day, its first moment), seconds left out; without an
 * offset: UTC. −1 for what is no such time. */
int clock_parse(const char *text, int64_t *unix_ms, bool *day);

#endif
