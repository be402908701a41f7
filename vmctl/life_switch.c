#include "life_switch.h"

#include "err.h"
#include "fence.h"
#include "host.h"
#include "life.h"
#include "log.h"
#include "request.h"
#include "vm.h"
#include "vm_json.h"

static int
start(struct host *h, struct vm *vm, struct request *r, struct err *e)
{
	struct vm_state before = vm->st;

	if (h->jobs >= JOB_CLIENTS_MAX)
		return err_set(e, ERR_OVERLOADED, "too many operations run");
	vm->st.op = r->op;
	vm->st.op_id = r->op_id;
	vm->st.done = false;
	if (job_start(h, vm, r->op == VMCTL_OP_pause ? JOB_PAUSE : JOB_RESUME,
		      r, e) == 0)
		return 0;
	vm->st = before;
	return -1;
}

void
life_switch_set(struct host *h, struct vm *vm, struct request *r)
{
	struct err e;

	if (start(h, vm, r, &e) < 0)
		request_failed(r, &e);
}

/* What was asked for stays in the state, not done: a repeat does it again. */
static void
failed(struct vm *vm, enum job_kind kind, struct request *r,
       const struct err *why)
{
	if (r)
		request_failed(r, why);
	else
		log_warn("job failed", "job", job_kind_name(kind), "sandbox",
			 vm->st.sandbox, "message", why->msg);
}

void
life_switch_ended(struct host *h, struct vm *vm, enum job_kind kind,
		  struct request *r, const struct job_result *res)
{
	struct err e;

	/* The VMM may have died meanwhile. */
	if (!vm_state_lives(&vm->st)) {
		life_resume(h, vm, JOB_EXIT);
		fence_state(&vm->st, VMCTL_OP_pause, &e);
		failed(vm, kind, r, &e);
		return;
	}
	if (res->err.code != ERR_NONE) {
		failed(vm, kind, r, &res->err);
		return;
	}
	vm->st = res->st;
	if (r)
		request_done(r, vm_json(h, vm), -1);
}
