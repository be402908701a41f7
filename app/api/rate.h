/*
 * How many requests each account made in this minute: one table in shared
 * memory for all workers, without locks, so a worker may die anywhere in it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct err;
struct rate;

#define RATE_WINDOW_S 60
#define RATE_UNLIMITED \
	2147483647 /* shown as the limit of a plan without one \
		    */

struct rate_answer {
	int64_t limit, remaining;
	int64_t reset_at; /* seconds since 1970: when the window ends */
	bool refused;
};

/* To be made before the workers are forked. NULL: no memory. */
struct rate *rate_new(struct err *e);
void rate_free(struct rate *r);

/*
 * Counts one request. `limit` 0: none. `now`: seconds since 1970. When all the
 * account's places in the table are taken by others that were active in this
 * minute (thousands of accounts), it is not limited.
 */
struct rate_answer rate_count(struct rate *r, const char *account,
			      int64_t limit, int64_t now);
