/*
 * Do database and vmctl agree? Both change while they are read: what looks
 * wrong is looked at once more, sandbox by sandbox, before it is reported.
 */
#include <string.h>

#include "admin/admin.h"
#include "admin/doctor.h"
#include "store/store_exec.h"
#include "store/store_run.h"
#include "store/store_sandbox.h"
#include "text.h"
#include "vmctl_client.h"

#define PAGE 256
#define SUSPECTS_MAX 64 /* VMs looked at once more; that many are bad enough */

struct look {
	struct doctor *d;
	struct finding *out;
	uint64_t last_seq;
	int page_count;
	char suspects[SUSPECTS_MAX][ID_SIZE];
	int suspect_count;
};

/* -1: vmctl did not answer, which is noted. */
static int
vm_state(struct look *l, const char *id)
{
	struct vmctl_vm vm;
	struct err e = {0};

	if (vmctl_stat(l->d->vmctl, id, &vm, &e) < 0) {
		doctor_found(l->out, "%s: %s", id, e.msg);
		return -1;
	}
	return vmctl_state_from_name(vm.state);
}

static bool
vm_is_there(int state)
{
	return state == VMCTL_STATE_creating || state == VMCTL_STATE_running ||
	       state == VMCTL_STATE_paused || state == VMCTL_STATE_exited ||
	       state == VMCTL_STATE_destroying;
}

/* Asks vmctl nothing: it is in the middle of its list. */
static int
look_vm(void *arg, const struct vmctl_vm *vm)
{
	struct look *l = arg;
	struct err e = {0};
	struct sandbox row;

	if (store_sandbox_get(l->d->store, NULL, vm->sandbox, &row, &e) == 0) {
		if (row.state != SANDBOX_destroyed)
			return 0;
	} else if (e.code != ERR_SANDBOX_NOT_FOUND) {
		doctor_found(l->out, "%s", e.msg);
		return 1;
	}
	text_copy(l->suspects[l->suspect_count++], ID_SIZE, vm->sandbox);
	return l->suspect_count == SUSPECTS_MAX;
}

void
check_vms_without_rows(struct doctor *d, struct finding *out)
{
	struct look l = {.d = d, .out = out};
	struct err e = {0};

	if (vmctl_list(d->vmctl, look_vm, &l, &e) < 0)
		doctor_found(out, "%s", e.msg);
	for (int i = 0; i < l.suspect_count; i++) {
		int state = vm_state(&l, l.suspects[i]);

		if (vm_is_there(state))
			doctor_found(out, "%s is %s", l.suspects[i],
				     vmctl_state_name((enum vmctl_state)state));
	}
}

static int
look_running_row(void *arg, const struct store_host_row *r)
{
	struct look *l = arg;
	struct err e = {0};
	struct sandbox again;
	enum vmctl_state want;
	int state;

	l->last_seq = r->sandbox.seq;
	l->page_count++;
	if (r->sandbox.state == SANDBOX_running)
		want = VMCTL_STATE_running;
	else if (r->sandbox.state == SANDBOX_paused)
		want = VMCTL_STATE_paused;
	else
		return 0;
	state = vm_state(l, r->sandbox.id);
	if (state < 0 || state == (int)want)
		return 0;
	if (store_sandbox_get(l->d->store, NULL, r->sandbox.id, &again, &e) ==
		    0 &&
	    again.state == r->sandbox.state && again.op_id == r->sandbox.op_id)
		doctor_found(l->out, "%s is %s", again.id,
			     vmctl_state_name((enum vmctl_state)state));
	return 0;
}

static void
each_row(struct doctor *d, struct look *l,
	 int (*fn)(void *arg, const struct store_host_row *r))
{
	struct err e = {0};

	do {
		l->page_count = 0;
		if (store_sandbox_host_rows(d->store, d->admin->conf.host,
					    l->last_seq, PAGE, fn, l, &e) < 0) {
			doctor_found(l->out, "%s", e.msg);
			return;
		}
	} while (l->page_count == PAGE);
}

void
check_rows_without_vms(struct doctor *d, struct finding *out)
{
	each_row(d, &(struct look){.d = d, .out = out}, look_running_row);
}

static int
look_lease(void *arg, const struct store_host_row *r)
{
	struct look *l = arg;

	l->last_seq = r->sandbox.seq;
	l->page_count++;
	if (sandbox_state_transient(r->sandbox.state) && r->lease_over)
		doctor_found(l->out, "%s %s for %lld s", r->sandbox.id,
			     sandbox_state_name(r->sandbox.state),
			     (long long)r->lease_over_s);
	return 0;
}

void
check_leases(struct doctor *d, struct finding *out)
{
	each_row(d, &(struct look){.d = d, .out = out}, look_lease);
}

static void
check_count(struct doctor *d, struct finding *out,
	    int (*count)(struct store *s, int64_t *out_count, struct err *e))
{
	struct err e = {0};
	int64_t n;

	if (count(d->store, &n, &e) < 0)
		doctor_found(out, "%s", e.msg);
	else if (n > 0)
		doctor_found(out, "%lld of them", (long long)n);
}

void
check_runs(struct doctor *d, struct finding *out)
{
	check_count(d, out, store_run_dangling);
}

void
check_execs(struct doctor *d, struct finding *out)
{
	check_count(d, out, store_exec_dangling);
}
