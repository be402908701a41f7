/* Destroys a sandbox, step by step, so that a repeat goes on where it stopped.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct call;
struct err;

struct destroy {
	const char *sandbox;
	int64_t only_op_id;	   /* 0: whatever it does; else only while it is
				    * being created with this */
	bool never_made;	   /* vmctl was not asked to make it */
	const char *reason;	   /* a code for the transition */
	const struct err *problem; /* what a repeat of its creation is told */
};

/*
 * The caller is inside the gate, but for one that was never made. 0: it is destroyed, now or before; or with
 * only_op_id: it is somebody else's business now. -1: SANDBOX_NOT_FOUND, or an
 * error that a repeat may mend; the row is `destroying` then and the keeper
 * finishes what nobody repeats.
 */
int destroy_run(struct call *c, const struct destroy *d, struct err *e);
