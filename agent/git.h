/* Job of a worker: what differs in a git work tree. */
#pragma once

#include <jansson.h>

struct err;
struct worker_io;

/* Runs no code that the repository names: no hooks, no external diff, no
 * textconv, no fsmonitor. */
int git_diff_job(struct worker_io *io, const void *record, json_t **out_end,
		 struct err *e);
