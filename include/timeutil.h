/* Clocks and RFC 3339. */
#pragma once

#include <stdint.h>

#define TIME_RFC3339_SIZE 32

int64_t time_mono_ms(void); /* CLOCK_MONOTONIC, milliseconds */
int64_t time_mono_us(void);
int64_t time_unix_us(void); /* CLOCK_REALTIME, microseconds since 1970 */

/* "2026-06-08T10:00:00Z"; with microseconds, cut to ms, when they are not 0
 * and `millis` is set: "2026-06-08T10:00:00.123Z". */
void time_rfc3339(char out[TIME_RFC3339_SIZE], int64_t unix_us, int millis);
/* Accepts what time_rfc3339 writes, and numeric offsets. 0 or -1. */
int time_parse_rfc3339(const char *s, int64_t *out_unix_us);
