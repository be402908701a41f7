/* PID 1 reaps everything: commands, workers, and what they left behind. */
#pragma once

#include "loop.h"

struct agent;
struct err;

struct reaper {
	struct agent *agent;
	struct loop_io io; /* signalfd of SIGCHLD */
};

/* Blocks SIGCHLD. Descriptors and memory last as long as the process. */
int reaper_init(struct reaper *r, struct agent *a, struct err *e);
