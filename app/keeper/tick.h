/* When each step of steps.def runs. */
#pragma once

#include <stdint.h>

#include "err.h"

struct keeper;

#define TICK_STEPS_MAX 16

struct tick {
	int64_t next_ms[TICK_STEPS_MAX]; /* when each step is due; 0: at once */
	/* What each step last failed with; the last is the fleet's. */
	enum err_code trouble[TICK_STEPS_MAX + 1];
};

/* Runs what is due at now_ms (monotonic). */
void tick_run(struct tick *t, struct keeper *k, int64_t now_ms);
