/* An account as the API shows it. */
#pragma once

#include <jansson.h>
#include <stdint.h>

/* Strings are borrowed; times are microseconds since 1970. */
struct account_view {
	const char *id, *name, *plan;
	int64_t created_us;
	int64_t max_sandboxes;	 /* at once; 0: no limit, shown as null */
	int64_t rate_per_minute; /* the same */
};

/* Owned by the caller. */
json_t *account_json(const struct account_view *a);
