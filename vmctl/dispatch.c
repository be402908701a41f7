#include "dispatch.h"

#include <assert.h>
#include <string.h>

#include "client.h"
#include "err.h"
#include "fence.h"
#include "host.h"
#include "job.h"
#include "life.h"
#include "log.h"
#include "ops.h"
#include "request.h"
#include "vm.h"
#include "vm_json.h"

static ops_fn *const handlers[VMCTL_OP_COUNT] = {
#define VMCTL_OP(name, roles, states, flags, deadline) \
	[VMCTL_OP_##name] = ops_##name,
#include "vmctl.def"
#undef VMCTL_OP
};

/* The answer that the operation had when it ended. */
static void
repeat(struct host *h, struct vm *vm, struct request *r)
{
	struct err e;

	assert(vm); /* a VM that was never seen has nothing to repeat */
	if (vm->st.error != ERR_NONE) {
		err_set(&e, vm->st.error, "%s", vm->st.message);
		request_failed(r, &e);
		return;
	}
	request_done(r,
		     r->op == VMCTL_OP_destroy ? json_object() : vm_json(h, vm),
		     -1);
}

static void
judge(struct host *h, struct vm *vm, struct request *r)
{
	enum fence_verdict v = FENCE_RUN;
	const struct vm_state *st;
	struct vm_state absent;
	struct err e;

	vm_state_init(&absent, r->sandbox);
	st = vm ? &vm->st : &absent;
	if (r->row->flags & VMCTL_MUTATES)
		v = fence_judge(st, r->op, r->op_id, &e);
	else if (fence_state(st, r->op, &e) < 0)
		v = FENCE_REFUSE;
	if (v == FENCE_REPEAT)
		repeat(h, vm, r);
	else if (v == FENCE_REFUSE)
		request_failed(r, &e);
	else
		handlers[r->op](h, vm, r);
}

void
dispatch_request(struct host *h, struct request *r)
{
	struct vm *vm;

	if (r->row->flags & VMCTL_HOST) {
		handlers[r->op](h, NULL, r);
		return;
	}
	vm = vm_table_find(&h->vms, r->sandbox);
	if (vm && vm->job && (r->row->flags & (VMCTL_MUTATES | VMCTL_GIVES_FD)))
		life_enqueue(vm, r);
	else
		judge(h, vm, r);
}

void
dispatch_packet(struct host *h, struct client *c, const char *packet,
		size_t len)
{
	struct request *r = request_new(c);
	struct err e = {0};

	if (!r) {
		client_close(c);
		return;
	}
	if (c->refs > CLIENT_REQUESTS_MAX)
		err_set(&e, ERR_OVERLOADED, "too many requests are unanswered");
	else if (request_parse(r, packet, len, &e) == 0 &&
		 fence_role(r->op, c->roles, &e) == 0) {
		dispatch_request(h, r);
		return;
	}
	request_failed(r, &e);
}
