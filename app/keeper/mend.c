#include "keeper/mend.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "err.h"
#include "keeper/fleet.h"
#include "keeper/keeper.h"
#include "log.h"
#include "store/store_sandbox.h"
#include "store/store_sandbox_move.h"
#include "text.h"
#include "vmctl_client.h"

static void
log_action(enum decide_action action, const struct fleet_pair *p,
	   const char *why)
{
	char op_id[24];

	snprintf(op_id, sizeof(op_id), "%lld", (long long)p->op_id);
	log_info("mended", "action", decide_action_name(action), "sandbox",
		 p->id, "op_id", op_id, "vm", vmctl_state_name(p->vm), "why",
		 why);
}

static int
fail(struct keeper *k, const struct fleet_pair *p, struct err *e)
{
	bool exited = p->vm == VMCTL_STATE_exited;
	const char *why =
		exited ? "the VMM ended" : "vmctl knows no VM of this sandbox";
	struct store_move m = {
		.sandbox = p->id,
		.op_id = p->op_id,
		.from = (enum sandbox_state)p->row,
		.to = SANDBOX_error,
		.actor = "keeper",
		.reason = exited ? "vmm_exited" : "vmm_lost",
		.message = exited && p->exit_cause[0] ? p->exit_cause : why,
	};
	enum store_move_outcome outcome;

	if (store_sandbox_move(k->store, &m, &outcome, NULL, e) < 0)
		return -1;
	if (outcome == STORE_MOVED)
		log_action(DECIDE_FAIL, p, m.message);
	return 0;
}

/* A higher op_id than ours may have removed the VM: then it is gone as well. */
static int
is_gone(struct keeper *k, const char *id, struct err *e)
{
	struct vmctl_vm vm;

	if (vmctl_stat(k->vmctl, id, &vm, e) < 0)
		return -1;
	if (strcmp(vm.state, vmctl_state_name(VMCTL_STATE_absent)) != 0 &&
	    strcmp(vm.state, vmctl_state_name(VMCTL_STATE_destroyed)) != 0)
		return err_set(e, ERR_STALE_OPERATION,
			       "%s: vmctl has seen a later operation", id);
	return 0;
}

static int
remove_vm(struct keeper *k, const char *id, int64_t op_id, struct err *e)
{
	struct vmctl_destroy_args args = {
		.sandbox = id,
		.has_sandbox = true,
		.op_id = op_id,
		.has_op_id = true,
	};
	struct err why = {0};

	if (vmctl_destroy(k->vmctl, &args, &why) == 0)
		return 0;
	if (why.code == ERR_STALE_OPERATION)
		return is_gone(k, id, e);
	*e = why;
	return -1;
}

/* The VM, then the row. */
static int
finish(struct keeper *k, enum decide_action action, const struct fleet_pair *p,
       int64_t op_id, const char *why, struct err *e)
{
	struct store_move m = {
		.sandbox = p->id,
		.op_id = op_id,
		.from = SANDBOX_destroying,
		.to = SANDBOX_destroyed,
		.actor = "keeper",
		.reason = why,
		.message = "",
	};
	enum store_move_outcome outcome;

	if (remove_vm(k, p->id, op_id, e) < 0 ||
	    store_sandbox_move(k->store, &m, &outcome, NULL, e) < 0)
		return -1;
	if (outcome == STORE_MOVED)
		log_action(action, p, why);
	return 0;
}

static int
undo(struct keeper *k, const struct fleet_pair *p, struct err *e)
{
	struct err problem = {
		.code = ERR_GUEST_TIMEOUT,
		.msg = "the sandbox was not ready in time and was removed",
	};
	struct store_destroy d = {
		.sandbox = p->id,
		.only_op_id = p->op_id,
		.owner = k->owner,
		.actor = "keeper",
		.reason = "lease_over",
		.message = "nobody finished its creation",
		.problem = &problem,
	};
	enum store_destroy_outcome outcome;
	int64_t op_id;

	if (store_sandbox_begin_destroy(k->store, &d, &outcome, &op_id, e) < 0)
		return -1;
	if (outcome != STORE_DESTROY_BEGUN)
		return 0; /* somebody went on with it */
	return finish(k, DECIDE_UNDO, p, op_id, "lease_over", e);
}

static int
finish_pause(struct keeper *k, enum decide_action action,
	     const struct fleet_pair *p, int64_t op_id, struct err *e)
{
	const struct vmctl_switch_args args = {
		.sandbox = p->id,
		.has_sandbox = true,
		.op_id = op_id,
		.has_op_id = true,
	};
	const struct store_move m = {
		.sandbox = p->id,
		.op_id = op_id,
		.from = SANDBOX_pausing,
		.to = SANDBOX_paused,
		.actor = "keeper",
		.reason = "lease_over",
		.message = "",
	};
	enum store_move_outcome outcome;
	struct vmctl_vm vm;

	if (vmctl_pause(k->vmctl, &args, &vm, e) < 0 ||
	    store_sandbox_move(k->store, &m, &outcome, NULL, e) < 0)
		return -1;
	if (outcome == STORE_MOVED)
		log_action(action, p, "lease_over");
	return 0;
}

/* With an op_id above that of the resume, which can do nothing any more. */
static int
repause(struct keeper *k, const struct fleet_pair *p, struct err *e)
{
	const struct store_begin b = {
		.sandbox = p->id,
		.from = SANDBOX_resuming,
		.to = SANDBOX_pausing,
		.goal = SANDBOX_paused,
		.only_op_id = p->op_id,
		.owner = k->owner,
		.actor = "keeper",
		.reason = "lease_over",
		.message = "nobody finished its resume",
	};
	enum store_begin_outcome outcome;
	struct sandbox now;

	if (store_sandbox_begin(k->store, &b, &outcome, &now, e) < 0)
		return -1;
	if (outcome != STORE_BEGUN)
		return 0; /* somebody went on with it */
	return finish_pause(k, DECIDE_REPAUSE, p, now.op_id, e);
}

int
mend_expire(struct keeper *k, const char *id, struct err *e)
{
	struct store_destroy d = {
		.sandbox = id,
		.owner = k->owner,
		.actor = "keeper",
		.reason = "lifetime_over",
		.message = "",
	};
	struct fleet_pair p = {.row = SANDBOX_destroying};
	enum store_destroy_outcome outcome;
	int64_t op_id;

	if (store_sandbox_begin_destroy(k->store, &d, &outcome, &op_id, e) < 0)
		return -1;
	if (outcome != STORE_DESTROY_BEGUN)
		return 0; /* somebody was faster */
	text_copy(p.id, sizeof(p.id), id);
	p.op_id = op_id;
	return finish(k, DECIDE_FINISH, &p, op_id, "lifetime_over", e);
}

/* No row: looked up once more, since the fleet holds no destroyed ones. */
static int
remove_orphan(struct keeper *k, const struct fleet_pair *p, struct err *e)
{
	int64_t op_id = p->vm_op_id;
	struct err why = {0};
	struct sandbox row;

	if (store_sandbox_get(k->store, NULL, p->id, &row, &why) == 0) {
		if (row.state != SANDBOX_destroyed)
			return err_set(
				e, ERR_WRONG_STATE,
				"%s: a VM of this host, a row of host %s",
				p->id, row.host);
		if (row.op_id > op_id)
			op_id = row.op_id;
	} else if (why.code != ERR_SANDBOX_NOT_FOUND) {
		*e = why;
		return -1;
	}
	if (remove_vm(k, p->id, op_id + 1, e) < 0)
		return -1;
	log_action(DECIDE_ORPHAN, p, "no live row");
	return 0;
}

int
mend(struct keeper *k, enum decide_action action, const struct fleet_pair *p,
     struct err *e)
{
	switch (action) {
	case DECIDE_NONE:
		return 0;
	case DECIDE_FAIL:
		return fail(k, p, e);
	case DECIDE_UNDO:
		return undo(k, p, e);
	case DECIDE_PAUSE:
		return finish_pause(k, DECIDE_PAUSE, p, p->op_id, e);
	case DECIDE_REPAUSE:
		return repause(k, p, e);
	case DECIDE_FINISH:
		return finish(k, DECIDE_FINISH, p, p->op_id, "lease_over", e);
	case DECIDE_ORPHAN:
		return remove_orphan(k, p, e);
	case DECIDE_ACTION_COUNT:
		break;
	}
	assert(!"an action without a way to do it");
	return -1;
}
