/*
 * Stops a sandbox's VM and settles its row: the second half of a pause, and the
 * undoing of a resume that failed. What fails in between is left to the keeper,
 * whose lease on the row runs.
 */
#pragma once

#include <stdint.h>

struct err;
struct gateway;

/* A pause that lost its gateway. Nothing when it is under way. */
void pause_resume(struct gateway *gw, const char *sandbox);
/* A resume with that op_id failed: back to paused. `why` is noted. */
void pause_undo(struct gateway *gw, const char *sandbox, int64_t op_id,
		const struct err *why);
void pause_free_all(struct gateway *gw);
