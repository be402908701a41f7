/* Run intervals: when a sandbox's VMM lived, the base of what it costs. */
#pragma once

#include <stdint.h>

#include "store/store.h"

/* Notes that the VMM of this boot is alive now. A row per (sandbox, boot). */
int store_run_seen(struct store *s, const char *sandbox, int64_t boot,
		   struct err *e);
/* Closes intervals whose sandbox is not running, at their last sign of life. */
int store_run_sweep(struct store *s, int64_t *out_count, struct err *e);
