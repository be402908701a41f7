/* Run intervals: when a sandbox's VMM lived, the base of what it costs. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "id.h"
#include "store/store.h"

#define STORE_RUN_BATCH 256

struct store_run_ref {
	char sandbox[ID_SIZE];
	int64_t boot;
	int64_t sent_bytes, received_bytes; /* since it booted */
};

/* Notes that these VMMs are alive now; at most STORE_RUN_BATCH of them. */
int store_run_seen(struct store *s, const struct store_run_ref *refs, size_t n,
		   struct err *e);
/* Closes intervals whose sandbox is not running, at their last sign of life. */
int store_run_sweep(struct store *s, int64_t *out_count, struct err *e);
/* How many there are to close. */
int store_run_dangling(struct store *s, int64_t *out_count, struct err *e);
