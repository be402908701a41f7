/* Rows of sandbox_transition inside a transaction. Only app/store includes
 * this. */
#pragma once

#include <stdint.h>

struct err;
struct store;

struct transition {
	const char *sandbox, *from, *to; /* from "" when it did not exist */
	int64_t op_id;
	const char *actor, *reason, *message;
};

int transition_add(struct store *s, const struct transition *t, struct err *e);
