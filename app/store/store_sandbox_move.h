/*
 * A sandbox's moves from state to state. A move is one compare-and-set on
 * (id, op_id, state) and one row in sandbox_transition; entering `running`
 * opens a run interval, leaving it closes that; losing the guest's memory marks
 * running execs lost; entering `destroyed` deletes the plan.
 */
#pragma once

#include "err.h"
#include "model/sandbox.h"
#include "store/store.h"

#define STORE_DESTROY_LEASE_S 20
#define STORE_BEGIN_LEASE_S 30

struct store_move {
	const char *sandbox;
	int64_t op_id; /* must be the row's */
	enum sandbox_state from, to;
	const char *actor;   /* "gateway", "keeper", "key:<id>" */
	const char *reason;  /* a code; of state error it becomes error_code */
	const char *message; /* words; "" for none */
};
enum store_move_outcome {
	STORE_MOVED,
	STORE_MOVED_BEFORE, /* the row is in `to` with this op_id already */
	STORE_MOVE_LOST,    /* somebody else moved it: nothing was written */
};
/*
 * The move must be legal (assert). Moves to destroying: see begin_destroy.
 * `out_now` (may be NULL) is the row afterwards. SANDBOX_NOT_FOUND.
 */
int store_sandbox_move(struct store *s, const struct store_move *m,
		       enum store_move_outcome *out, struct sandbox *out_now,
		       struct err *e);

struct store_destroy {
	const char *account; /* NULL: any */
	const char *sandbox;
	int64_t only_op_id; /* 0: any; else that of a `creating` row */
	const char *owner, *actor, *reason, *message;
	/* What a repeat of a failed create is told; NULL: nothing. */
	const struct err *problem;
};
enum store_destroy_outcome {
	STORE_DESTROY_BEGUN,   /* now destroying with the new op_id */
	STORE_DESTROY_RUNNING, /* was destroying: that op_id */
	STORE_DESTROY_DONE,    /* destroyed before */
	STORE_DESTROY_LOST, /* only_op_id did not match; nothing was written */
};
/*
 * Any live state -> destroying, with op_id + 1 and a lease of
 * STORE_DESTROY_LEASE_S. Then: vmctl_destroy(op_id), then move destroying ->
 * destroyed with that op_id (which deletes the plan). SANDBOX_NOT_FOUND.
 */
int store_sandbox_begin_destroy(struct store *s, const struct store_destroy *d,
				enum store_destroy_outcome *out,
				int64_t *out_op_id, struct err *e);

struct store_begin {
	const char *account; /* NULL: any */
	const char *sandbox;
	/* from -> to now, and goal later: by a move with the new op_id. */
	enum sandbox_state from, to, goal;
	int64_t only_op_id; /* 0: any */
	const char *owner, *actor, *reason, *message;
	const char *pause_reason; /* NULL: unchanged */
};
enum store_begin_outcome {
	STORE_BEGUN,	     /* now in `to` with a new op_id and a lease */
	STORE_BEGIN_RUNNING, /* was in `to`: that op_id */
	STORE_BEGIN_DONE,    /* is in `goal` */
	STORE_BEGIN_REFUSED, /* is in another state, or has another op_id */
};
/* The first half of a pause or resume: raises op_id, with a lease of
 * STORE_BEGIN_LEASE_S. `out_now` is the row afterwards. SANDBOX_NOT_FOUND. */
int store_sandbox_begin(struct store *s, const struct store_begin *b,
			enum store_begin_outcome *out, struct sandbox *out_now,
			struct err *e);
