#include "life.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "auto.h"
#include "dispatch.h"
#include "driver.h"
#include "err.h"
#include "fence.h"
#include "host.h"
#include "job.h"
#include "life_net.h"
#include "life_switch.h"
#include "log.h"
#include "net_request.h"
#include "place.h"
#include "port.h"
#include "procfs.h"
#include "request.h"
#include "text.h"
#include "vm.h"
#include "vm_json.h"
#include "vm_store.h"

#define UNKNOWN_STATUS (-1)

static void
fill_create(const struct host *h, const struct request *r, uid_t uid,
	    enum net_mode mode, struct vm_state *st)
{
	const struct vmctl_create_args *a = &r->args.create;

	vm_state_init(st, a->sandbox);
	st->state = VMCTL_STATE_creating;
	st->op = VMCTL_OP_create;
	st->op_id = a->op_id;
	st->boot = a->op_id;
	st->uid = uid;
	st->cpus = a->cpus;
	st->memory_mb = a->memory_mb;
	st->disk_gb = a->disk_gb;
	st->network = mode;
	text_copy(st->template, sizeof(st->template), a->template);
	text_copy(st->host_boot, sizeof(st->host_boot), h->boot_id);
}

/* Everything that can refuse a create before it leaves a trace. */
static int
admit(const struct host *h, const struct vmctl_create_args *a, struct err *e)
{
	struct place p;

	if (!driver_template_valid(a->template))
		return err_field(e, "template", "a name of [a-z0-9-]");
	if (!h->driver->has_template(h, a->template))
		return err_set(e, ERR_TEMPLATE_NOT_FOUND,
			       "there is no template %s here", a->template);
	if (h->jobs >= JOB_CLIENTS_MAX)
		return err_set(e, ERR_OVERLOADED, "too many operations run");
	place_look(h, &p);
	return place_check(&p, a->memory_mb, a->disk_gb, e);
}

static int
start_create(struct host *h, struct vm *vm, struct request *r, struct err *e)
{
	const struct vmctl_create_args *a = &r->args.create;
	struct vm_state before = vm->st;
	enum net_mode mode;
	uid_t uid;

	if (net_request_read(a->has_network_mode ? a->network_mode : NULL,
			     a->has_allowlist ? a->allowlist : NULL, &mode,
			     &r->names, e) < 0)
		return -1;
	uid = uid_pool_take(&h->uids);
	if (uid == 0)
		return err_set(e, ERR_SANDBOX_CAPACITY,
			       "this host runs as many sandboxes as it may");
	fill_create(h, r, uid, mode, &vm->st);
	if (job_start(h, vm, JOB_CREATE, r, e) == 0)
		return 0;
	vm->st = before;
	uid_pool_give(&h->uids, uid);
	return -1;
}

void
life_create(struct host *h, struct request *r)
{
	struct vm *old = vm_table_find(&h->vms, r->sandbox), *vm = old;
	struct err e;

	if (admit(h, &r->args.create, &e) < 0) {
		request_failed(r, &e);
		return;
	}
	if (!vm)
		vm = vm_table_add(&h->vms, r->sandbox);
	if (!vm) {
		err_set(&e, ERR_OVERLOADED, "too many VMs are remembered");
		request_failed(r, &e);
		return;
	}
	if (start_create(h, vm, r, &e) == 0)
		return;
	if (!old)
		vm_table_remove(&h->vms, vm);
	request_failed(r, &e);
}

void
life_destroy(struct host *h, struct vm *vm, struct request *r)
{
	struct vm *old = vm;
	struct vm_state before;
	struct err e;

	if (!vm)
		vm = vm_table_add(&h->vms, r->sandbox);
	if (!vm || h->jobs >= JOB_CLIENTS_MAX) {
		err_set(&e, ERR_OVERLOADED, "too many operations run");
		if (vm && !old)
			vm_table_remove(&h->vms, vm);
		request_failed(r, &e);
		return;
	}
	before = vm->st;
	vm->st.state = VMCTL_STATE_destroying;
	vm->st.op = VMCTL_OP_destroy;
	vm->st.op_id = r->op_id;
	vm->st.done = false;
	if (job_start(h, vm, JOB_DESTROY, r, &e) == 0)
		return;
	vm->st = before;
	if (!old)
		vm_table_remove(&h->vms, vm);
	request_failed(r, &e);
}

static void
give_channel(struct host *h, struct vm *vm, struct request *r)
{
	auto_close int folder = -1, fd = -1;
	struct err e;

	folder = vm_store_folder(h->dir_fd, vm->st.sandbox, 0, &e);
	if (folder >= 0)
		fd = port_connect(folder, VM_STORE_AGENT, &e);
	if (fd < 0) {
		request_failed(r, &e);
		return;
	}
	vm->channel_given = true;
	request_done(r, json_object(), fd);
}

void
life_open_channel(struct host *h, struct vm *vm, struct request *r)
{
	struct err e;

	if (!vm->channel_given || !h->driver->hang_up)
		give_channel(h, vm, r);
	else if (job_start(h, vm, JOB_HANG_UP, r, &e) < 0)
		request_failed(r, &e);
}

void
life_enqueue(struct vm *vm, struct request *r)
{
	struct request **p = &vm->queue;
	struct err e;

	assert(vm->job);
	if (vm->queued == VM_QUEUE_MAX) {
		err_set(&e, ERR_OVERLOADED, "too many operations wait for %s",
			vm->st.sandbox);
		request_failed(r, &e);
		return;
	}
	while (*p)
		p = &(*p)->next;
	*p = r;
	vm->queued++;
}

static void
run_queue(struct host *h, struct vm *vm)
{
	while (!vm->job && vm->queue) {
		struct request *r = vm->queue;

		vm->queue = r->next;
		r->next = NULL;
		vm->queued--;
		/* A refused operation may leave the VM, never remove it. */
		dispatch_request(h, r);
	}
}

static void
log_job(const struct vm *vm, enum job_kind kind, const struct err *e)
{
	log_warn("job failed", "job", job_kind_name(kind), "sandbox",
		 vm->st.sandbox, "result", err_name(e->code), "message",
		 e->msg);
}

void
life_resume(struct host *h, struct vm *vm, int kind)
{
	struct err e;

	if (job_start(h, vm, (enum job_kind)kind, NULL, &e) < 0)
		log_job(vm, (enum job_kind)kind, &e);
}

static void
describe_exit(char out[VM_CAUSE_SIZE], int status)
{
	if (status == UNKNOWN_STATUS)
		snprintf(out, VM_CAUSE_SIZE,
			 "the VMM exited while vmctl was not its parent");
	else if (WIFSIGNALED(status))
		snprintf(out, VM_CAUSE_SIZE, "the VMM was killed by SIG%s",
			 sigabbrev_np(WTERMSIG(status))
				 ? sigabbrev_np(WTERMSIG(status))
				 : "?");
	else if (WEXITSTATUS(status) == 0)
		snprintf(out, VM_CAUSE_SIZE,
			 "the guest powered off, rebooted or panicked");
	else
		snprintf(out, VM_CAUSE_SIZE, "the VMM exited with status %d",
			 WEXITSTATUS(status));
}

static void
vmm_exited(struct host *h, struct vm *vm, int status)
{
	loop_close(&h->loop, &vm->exit);
	/* A destroy that runs has killed it, and goes on. */
	if (!vm_state_lives(&vm->st))
		return;
	describe_exit(vm->st.exit_cause, status);
	log_warn("vmm exited", "sandbox", vm->st.sandbox, "cause",
		 vm->st.exit_cause);
	vm->st.state = VMCTL_STATE_exited;
	/* Else channel_free goes on from here. */
	if (!vm->job)
		life_resume(h, vm, JOB_EXIT);
}

static void
on_vmm_exit(struct loop_src *src, uint32_t events, void *arg)
{
	struct vm *vm =
		(struct vm *)(void *)((char *)src - offsetof(struct vm, exit));
	int status = UNKNOWN_STATUS;

	(void)events;
	if (waitpid(vm->st.pid, &status, WNOHANG) <= 0)
		status = UNKNOWN_STATUS;
	vmm_exited(arg, vm, status);
}

int
life_watch(struct host *h, struct vm *vm, struct err *e)
{
	auto_close int fd = pidfd_open(vm->st.pid, 0);
	struct procfs_stat s;

	/* The number may have got another owner before the descriptor. */
	if (fd < 0 || procfs_stat(vm->st.pid, &s) < 0 ||
	    s.start_ticks != vm->st.start_ticks)
		return err_set(e, ERR_VMM_FAILED, "the VMM is gone");
	vm->exit.fd = fd;
	vm->exit.fn = on_vmm_exit;
	if (loop_add(&h->loop, &vm->exit, e) < 0) {
		vm->exit.fd = -1;
		return -1;
	}
	steal_fd(&fd);
	return 0;
}

static void
created(struct host *h, struct vm *vm, struct request *r)
{
	struct err e;

	if (life_watch(h, vm, &e) < 0)
		vmm_exited(h, vm, UNKNOWN_STATUS);
	request_done(r, vm_json(h, vm), -1);
}

static void
create_failed(struct host *h, struct vm *vm, struct request *r,
	      const struct err *why)
{
	vm_state_fail(&vm->st, why);
	life_resume(h, vm, JOB_UNDO);
	request_failed(r, why);
}

/* A VMM that does not hang up may still accept: the guest's affair. */
static void
channel_free(struct host *h, struct vm *vm, struct request *r,
	     const struct err *why)
{
	struct err e;

	if (why->code != ERR_NONE)
		log_job(vm, JOB_HANG_UP, why);
	if (fence_state(&vm->st, VMCTL_OP_open_channel, &e) == 0) {
		give_channel(h, vm, r);
		return;
	}
	life_resume(h, vm, JOB_EXIT); /* the VMM died meanwhile */
	request_failed(r, &e);
}

/* What the end of a job means; the request is answered. */
static void
job_ended(struct host *h, struct vm *vm, enum job_kind kind, struct request *r,
	  const struct job_result *res)
{
	bool ok = res->err.code == ERR_NONE;
	uid_t uid = vm->st.uid;

	if (!ok && !r)
		log_job(vm, kind, &res->err);
	if (!ok && kind == JOB_CREATE) {
		create_failed(h, vm, r, &res->err);
		return;
	}
	if (kind == JOB_HANG_UP) {
		channel_free(h, vm, r, &res->err);
		return;
	}
	if (kind == JOB_NETWORK || kind == JOB_RESOLVER) {
		life_net_ended(h, vm, kind, r, res);
		return;
	}
	if (kind == JOB_PAUSE || kind == JOB_RESUME) {
		life_switch_ended(h, vm, kind, r, res);
		return;
	}
	if (ok)
		vm->st = res->st;
	if (ok && (kind == JOB_UNDO || kind == JOB_DESTROY)) {
		loop_close(&h->loop, &vm->exit);
		loop_close(&h->loop, &vm->resolver);
		uid_pool_give(&h->uids, uid);
	}
	if (kind == JOB_CREATE)
		created(h, vm, r);
	else if (r && ok)
		request_done(r, json_object(), -1);
	else if (r)
		request_failed(r, &res->err);
}

static void
reap_job(struct host *h, struct job *j, int status)
{
	enum job_kind kind = j->kind;
	struct request *r = j->request;
	struct vm *vm = j->vm;
	struct job_result res;

	job_finish(h, j, status, &res);
	job_ended(h, vm, kind, r, &res);
	run_queue(h, vm);
	life_net_mend(h, vm);
}

static struct vm *
find_vmm(const struct host *h, pid_t pid)
{
	for (size_t i = 0; i < h->vms.count; i++) {
		struct vm *vm = h->vms.vms[i];

		if (vm->exit.fd >= 0 && vm->st.pid == pid)
			return vm;
	}
	return NULL;
}

void
life_reap(struct host *h)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct job *j = job_find(h, pid);
		struct vm *vm = j ? NULL : find_vmm(h, pid);

		if (j)
			reap_job(h, j, status);
		else if (vm)
			vmm_exited(h, vm, status);
		/* else an orphan of a job: the daemon is its subreaper */
	}
}
