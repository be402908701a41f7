#include "destroy.h"

#include "api.h"
#include "call.h"
#include "err.h"
#include "store/store_sandbox_move.h"
#include "vmctl_client.h"

static int
begin(struct call *c, const struct destroy *d, enum store_destroy_outcome *out,
      int64_t *out_op_id, struct err *e)
{
	char actor[CALL_ACTOR_SIZE], owner[CALL_ACTOR_SIZE];
	struct store_destroy s = {
		.account = c->who.account.id,
		.sandbox = d->sandbox,
		.only_op_id = d->only_op_id,
		.owner = owner,
		.actor = actor,
		.reason = d->reason,
		.message = d->problem ? d->problem->msg : "",
		.problem = d->problem,
	};

	call_actor(c, actor);
	call_owner(owner);
	return store_sandbox_begin_destroy(c->api->store, &s, out, out_op_id,
					   e);
}

/* A lost race here means that another finisher did it. */
static int
finish(struct call *c, const struct destroy *d, int64_t op_id, struct err *e)
{
	enum store_move_outcome moved;
	char actor[CALL_ACTOR_SIZE];
	struct store_move m = {
		.sandbox = d->sandbox,
		.op_id = op_id,
		.from = SANDBOX_destroying,
		.to = SANDBOX_destroyed,
		.actor = actor,
		.reason = "destroyed",
		.message = "",
	};

	call_actor(c, actor);
	return store_sandbox_move(c->api->store, &m, &moved, NULL, e);
}

/* Whoever took a higher op_id since removes the VM. */
static int
remove_vm(struct call *c, const struct destroy *d, int64_t op_id, struct err *e)
{
	struct vmctl_destroy_args args = {
		.sandbox = d->sandbox,
		.has_sandbox = true,
		.op_id = op_id,
		.has_op_id = true,
	};

	if (vmctl_destroy(c->api->vmctl, &args, e) == 0)
		return 0;
	if (e->code == ERR_STALE_OPERATION)
		return err_set(e, ERR_OVERLOADED,
			       "sandbox %s is being destroyed already",
			       d->sandbox);
	return -1;
}

int
destroy_run(struct call *c, const struct destroy *d, struct err *e)
{
	enum store_destroy_outcome outcome;
	int64_t op_id;

	if (begin(c, d, &outcome, &op_id, e))
		return -1;
	if (outcome == STORE_DESTROY_DONE || outcome == STORE_DESTROY_LOST)
		return 0;
	if (!d->never_made && remove_vm(c, d, op_id, e))
		return -1;
	return finish(c, d, op_id, e);
}
