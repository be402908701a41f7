/*
 * How many workers may be inside a call of vmctl at once: a quarter of them,
 * so that a slow vmctl leaves the others to answer. In shared memory, one byte
 * a worker, so that the parent can take back what a killed worker held.
 */
#pragma once

struct err;
struct gate;

#define GATE_WAIT_MS 2000

/* To be made before the workers are forked. NULL: no memory. */
struct gate *gate_new(int workers, struct err *e);
void gate_free(struct gate *g);

/*
 * Waits at most GATE_WAIT_MS for a place. OVERLOADED when half of the workers
 * wait already, or none came free.
 */
int gate_enter(struct gate *g, int worker, struct err *e);
void gate_leave(struct gate *g, int worker);
/* For the parent: the worker has died. */
void gate_reap(struct gate *g, int worker);
