/*
 * The control groups of commands. Making one takes more than a millisecond
 * under emulation, so one is kept in stock and made again behind the command
 * that took it.
 */
#pragma once

#include <stdbool.h>

#include "loop.h"

struct err;
struct guard;

struct exec_group {
	int fd; /* -1: none, or this system has no control groups */
	unsigned number;
};

struct exec_groups {
	struct loop *loop;
	const struct guard *guard;
	struct exec_group spare;
	unsigned last; /* number given */
	struct loop_timer refill;
};

void exec_groups_init(struct exec_groups *g, struct loop *l,
		      const struct guard *guard);
void exec_groups_fini(struct exec_groups *g);

/* An empty group with the limits of a command; give it back with put. 0 or -1.
 */
int exec_groups_take(struct exec_groups *g, struct exec_group *out,
		     struct err *e);
/* Closes it. Without processes it is gone, else the sweep takes it later. */
void exec_groups_put(struct exec_groups *g, struct exec_group *group);
/* Removes groups whose last process has left, but the spare and those that
 * `keep` wants. */
void exec_groups_sweep(const struct exec_groups *g,
		       bool (*keep)(const void *arg, unsigned number),
		       const void *arg);
