/*
 * Whether an operation may run. An operation's op_id is compared with the
 * highest that the VM has accepted: a lower one is stale for ever, an equal
 * one is the same operation asked for again.
 */
#pragma once

#include <stdint.h>

#include "vmctl_proto.h"

struct err;
struct vm_state;

enum fence_verdict {
	FENCE_RUN,    /* new, or interrupted before it ended */
	FENCE_REPEAT, /* ended: give the same answer */
	FENCE_REFUSE, /* the error says why */
};

/* `st` is what is known of the VM (state absent when nothing is). */
enum fence_verdict fence_judge(const struct vm_state *st, enum vmctl_op op,
			       int64_t op_id, struct err *e);
/* Whether any of the roles may ask for it at all. POLICY_DENIED. */
int fence_role(enum vmctl_op op, unsigned roles, struct err *e);
/* The state's part alone, for every operation on a VM. 0 or -1. */
int fence_state(const struct vm_state *st, enum vmctl_op op, struct err *e);
