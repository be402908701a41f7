#include "life_net.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>
#include <sys/pidfd.h>

#include "auto.h"
#include "driver.h"
#include "err.h"
#include "fence.h"
#include "host.h"
#include "life.h"
#include "log.h"
#include "net_request.h"
#include "request.h"
#include "vm.h"
#include "vm_json.h"
#include "vm_net.h"

#define DEATHS_MAX 16

static int
start(struct host *h, struct vm *vm, struct request *r, struct err *e)
{
	const struct vmctl_set_network_args *a = &r->args.set_network;
	struct vm_state before = vm->st;
	enum net_mode mode;

	if (net_request_read(a->network_mode,
			     a->has_allowlist ? a->allowlist : NULL, &mode,
			     &r->names, e) < 0)
		return -1;
	if (h->jobs >= JOB_CLIENTS_MAX)
		return err_set(e, ERR_OVERLOADED, "too many operations run");
	vm->st.op = VMCTL_OP_set_network;
	vm->st.op_id = a->op_id;
	vm->st.done = false;
	vm->st.network = mode;
	if (job_start(h, vm, JOB_NETWORK, r, e) == 0)
		return 0;
	vm->st = before;
	return -1;
}

void
life_net_set(struct host *h, struct vm *vm, struct request *r)
{
	struct err e;

	vm->resolver_deaths = 0;
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
life_net_ended(struct host *h, struct vm *vm, enum job_kind kind,
	       struct request *r, const struct job_result *res)
{
	enum vmctl_state now = vm->st.state;
	struct err e;

	/* The VMM may have died meanwhile. */
	if (now != VMCTL_STATE_running) {
		life_resume(h, vm, JOB_EXIT);
		fence_state(&vm->st, VMCTL_OP_set_network, &e);
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

static void
on_resolver_exit(struct loop_src *src, uint32_t events, void *arg)
{
	struct vm *vm = (struct vm *)(void *)((char *)src -
					      offsetof(struct vm, resolver));
	struct host *h = arg;

	(void)events;
	loop_close(&h->loop, &vm->resolver);
	/* A job that runs may have ended it; the job's end looks again. */
	if (!vm->job)
		life_net_mend(h, vm);
}

static int
watch(struct host *h, struct vm *vm)
{
	auto_close int fd = -1;
	struct err e;

	if (vm->st.resolver_pid > 0)
		fd = pidfd_open(vm->st.resolver_pid, 0);
	if (fd < 0 || !vm_net_resolver_lives(&vm->st))
		return -1;
	vm->resolver.fd = fd;
	vm->resolver.fn = on_resolver_exit;
	if (loop_add(&h->loop, &vm->resolver, &e) < 0) {
		vm->resolver.fd = -1;
		return -1;
	}
	steal_fd(&fd);
	return 0;
}

static void
replace(struct host *h, struct vm *vm)
{
	if (vm->resolver_deaths == DEATHS_MAX)
		return;
	if (++vm->resolver_deaths == DEATHS_MAX)
		log_error("resolver given up", "sandbox", vm->st.sandbox);
	log_warn("resolver died", "sandbox", vm->st.sandbox);
	life_resume(h, vm, JOB_RESOLVER);
}

void
life_net_mend(struct host *h, struct vm *vm)
{
	const struct vm_state *st = &vm->st;

	if (vm->job || st->state != VMCTL_STATE_running || !h->driver->resolve)
		return;
	if (st->network == NET_MODE_none || vm->resolver.fd >= 0)
		return;
	if (watch(h, vm) < 0)
		replace(h, vm);
}
