#include "undo.h"

#include "channels.h"
#include "gateway.h"
#include "log.h"
#include "store/store_sandbox_move.h"
#include "store/store_sandbox_provision.h"
#include "vmctl_client.h"

#define OF(j) ((struct undo *)(void *)((char *)(j)-offsetof(struct undo, job)))

static void
finish(struct job *j)
{
	struct undo *u = OF(j);

	u->done(u);
}

static void
next(struct undo *u, struct jobs *js, void (*run)(struct job *, void *),
     void (*done)(struct job *))
{
	u->job = (struct job){.run = run, .done = done};
	if (jobs_add(js, &u->job) < 0)
		u->done(u);
}

static void
settle(struct job *j, void *ctx)
{
	struct undo *u = OF(j);
	const struct store_move m = {
		.sandbox = u->sandbox,
		.op_id = u->op_id,
		.from = SANDBOX_destroying,
		.to = SANDBOX_destroyed,
		.actor = GATEWAY_ACTOR,
		.reason = err_name(u->problem.code),
		.message = u->problem.msg,
	};
	enum store_move_outcome outcome;
	struct err e;

	store_sandbox_move(ctx, &m, &outcome, NULL, &e);
}

static void
destroy(struct job *j, void *ctx)
{
	struct undo *u = OF(j);
	const struct vmctl_destroy_args a = {
		.sandbox = u->sandbox,
		.has_sandbox = true,
		.op_id = u->op_id,
		.has_op_id = true,
	};
	struct err e;

	u->marked = vmctl_destroy(ctx, &a, &e) == 0;
}

static void
destroyed(struct job *j)
{
	struct undo *u = OF(j);

	channels_drop(u->gw->channels, u->sandbox);
	if (u->marked)
		next(u, u->gw->db, settle, finish);
	else
		u->done(u);
}

static void
mark(struct job *j, void *ctx)
{
	struct undo *u = OF(j);
	const struct store_destroy d = {
		.sandbox = u->sandbox,
		.only_op_id = u->creating_op_id,
		.owner = u->gw->owner,
		.actor = GATEWAY_ACTOR,
		.reason = err_name(u->problem.code),
		.message = u->problem.msg,
		.problem = &u->problem,
	};
	enum store_destroy_outcome outcome;
	struct err e;

	if (u->steps)
		store_sandbox_provision(ctx, u->sandbox, u->creating_op_id,
					u->steps, &e);
	u->marked = store_sandbox_begin_destroy(ctx, &d, &outcome, &u->op_id,
						&e) == 0 &&
		    outcome == STORE_DESTROY_BEGUN;
}

static void
marked(struct job *j)
{
	struct undo *u = OF(j);

	if (u->marked)
		next(u, u->gw->vm, destroy, destroyed);
	else
		u->done(u);
}

void
undo_start(struct undo *u)
{
	next(u, u->gw->db, mark, marked);
}
