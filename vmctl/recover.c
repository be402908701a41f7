#include "recover.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "driver.h"
#include "err.h"
#include "host.h"
#include "id.h"
#include "job.h"
#include "jailroot.h"
#include "life.h"
#include "life_net.h"
#include "log.h"
#include "procfs.h"
#include "text.h"
#include "timeutil.h"
#include "vm.h"
#include "vm_net.h"
#include "vm_store.h"

#define ORPHAN_MS 5000

bool
recover_lives(const struct vm_state *st, const char *boot_id)
{
	struct procfs_stat s;
	uint64_t dev, ino;
	uid_t uid;

	return st->pid > 0 && strcmp(st->host_boot, boot_id) == 0 &&
	       procfs_stat(st->pid, &s) == 0 && s.state != 'Z' &&
	       s.start_ticks == st->start_ticks &&
	       procfs_uid(st->pid, &uid) == 0 && uid == st->uid &&
	       procfs_exe(st->pid, &dev, &ino) == 0 && dev == st->exe_dev &&
	       ino == st->exe_ino;
}

enum recover_action
recover_decide(const struct vm_state *st, bool lives, int64_t now_us)
{
	bool old = now_us - st->changed_us > RECOVER_TOMBSTONE_US;

	switch (st->state) {
	case VMCTL_STATE_creating:
		return RECOVER_UNDO;
	case VMCTL_STATE_running:
	case VMCTL_STATE_paused:
		return lives ? RECOVER_ADOPT : RECOVER_EXIT;
	case VMCTL_STATE_destroying:
		return RECOVER_DESTROY;
	case VMCTL_STATE_absent:
	case VMCTL_STATE_destroyed:
		return old ? RECOVER_FORGET : RECOVER_KEEP;
	case VMCTL_STATE_exited:
	case VMCTL_STATE_COUNT:
		break;
	}
	return RECOVER_KEEP;
}

/* A state that cannot be read: the files stay until the VM is destroyed. */
static void
keep_unreadable(struct vm *vm, const struct err *why)
{
	log_error("state unreadable", "sandbox", vm->st.sandbox, "message",
		  why->msg);
	vm->st.state = VMCTL_STATE_exited;
	snprintf(vm->st.exit_cause, sizeof(vm->st.exit_cause),
		 "its state file cannot be read");
}

static void
load(struct host *h, const char *sandbox)
{
	struct vm_state st;
	struct err why;
	int rc = vm_store_read(h->dir_fd, sandbox, &st, &why);
	struct vm *vm;

	/* The folder is made before its first state: nothing began yet. */
	if (rc < 0 && why.code == ERR_NOT_FOUND) {
		vm_store_remove(h->dir_fd, sandbox, &why);
		return;
	}
	vm = vm_table_add(&h->vms, sandbox);
	if (!vm)
		return;
	if (rc < 0) {
		keep_unreadable(vm, &why);
		return;
	}
	vm->st = st;
	/* A uid outside of the range has no place in the pool, but is the
	 * VM's all the same: the range was changed. */
	if (vm_state_holds(&st) && uid_pool_has(&h->uids, st.uid) &&
	    uid_pool_claim(&h->uids, st.uid) < 0) {
		log_error("uid held twice", "sandbox", sandbox);
		vm->st.uid = 0;
	}
}

static int
load_all(struct host *h, struct err *e)
{
	int fd = openat(h->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!d)
		return err_errno(e, "read vm_dir");
	while ((entry = readdir(d))) {
		if (id_valid(entry->d_name, ID_SANDBOX))
			load(h, entry->d_name);
	}
	closedir(d);
	return 0;
}

static void
vmm_died(struct host *h, struct vm *vm)
{
	bool rebooted = strcmp(vm->st.host_boot, h->boot_id) != 0;

	snprintf(vm->st.exit_cause, sizeof(vm->st.exit_cause), "%s",
		 rebooted ? "the host was restarted"
			  : "the VMM exited while vmctl did not run");
	log_warn("vmm exited", "sandbox", vm->st.sandbox, "cause",
		 vm->st.exit_cause);
	vm->st.state = VMCTL_STATE_exited;
	life_resume(h, vm, JOB_EXIT);
}

static void
adopt(struct host *h, struct vm *vm)
{
	struct err e;

	vm->channel_given = true; /* nobody knows */
	if (life_watch(h, vm, &e) < 0)
		vmm_died(h, vm);
	else
		log_info("vmm adopted", "sandbox", vm->st.sandbox);
}

static void
forget(struct host *h, struct vm *vm)
{
	struct err e;

	if (vm_store_remove(h->dir_fd, vm->st.sandbox, &e) < 0)
		log_warn("cannot forget", "sandbox", vm->st.sandbox, "message",
			 e.msg);
	else
		vm_table_remove(&h->vms, vm);
}

static void
act(struct host *h, struct vm *vm, enum recover_action what)
{
	switch (what) {
	case RECOVER_KEEP:
		break;
	case RECOVER_ADOPT:
		adopt(h, vm);
		break;
	case RECOVER_UNDO:
		life_resume(h, vm, JOB_UNDO);
		break;
	case RECOVER_EXIT:
		vmm_died(h, vm);
		break;
	case RECOVER_DESTROY:
		life_resume(h, vm, JOB_DESTROY);
		break;
	case RECOVER_FORGET:
		forget(h, vm);
		break;
	}
}

static bool
is_of_vm(const struct host *h, pid_t pid)
{
	for (size_t i = 0; i < h->vms.count; i++) {
		const struct vm *vm = h->vms.vms[i];

		if (vm->exit.fd >= 0 &&
		    (vm->st.pid == pid || (vm->st.resolver_pid == pid &&
					   vm_net_resolver_lives(&vm->st))))
			return true;
	}
	return false;
}

struct orphans {
	const struct host *h;
	int left;
};

static void
kill_orphan(pid_t pid, uid_t uid, void *arg)
{
	struct orphans *o = arg;
	char text[32];

	if (is_of_vm(o->h, pid))
		return;
	snprintf(text, sizeof(text), "%d uid %u", (int)pid, uid);
	log_warn("orphan killed", "pid", text);
	kill(pid, SIGKILL);
	o->left++;
}

/* Before a uid may be given out again nothing may run as it. */
static int
kill_orphans(const struct host *h, struct err *e)
{
	const struct timespec pause = {.tv_nsec = 5000000};
	int64_t end = time_mono_ms() + ORPHAN_MS;
	uid_t base = h->uids.base;

	for (;;) {
		struct orphans o = {.h = h};

		if (procfs_each(base, base + h->uids.count - 1, kill_orphan,
				&o) < 0)
			return err_errno(e, "read /proc");
		if (o.left == 0)
			return 0;
		if (time_mono_ms() > end)
			return err_set(e, ERR_INTERNAL,
				       "processes of VM uids do not die");
		nanosleep(&pause, NULL);
	}
}

/* Brings about what an operation that was cut was to do. */
static void
go_on(struct host *h, struct vm *vm)
{
	const struct vm_state *st = &vm->st;

	if (vm->job || !vm_state_lives(st))
		return;
	if (st->op == VMCTL_OP_pause && !st->done)
		life_resume(h, vm, JOB_PAUSE);
	else if (st->op == VMCTL_OP_resume && !st->done)
		life_resume(h, vm, JOB_RESUME);
	else if (st->op == VMCTL_OP_set_network && !st->done)
		life_resume(h, vm, JOB_NETWORK);
	else
		life_net_mend(h, vm);
}

int
recover_run(struct host *h, struct err *e)
{
	bool running = false;

	if (load_all(h, e) < 0)
		return err_wrap(e, "recover");
	/* Downwards, since an action may remove the VM from the table. */
	for (size_t i = h->vms.count; i-- > 0;) {
		struct vm *vm = h->vms.vms[i];
		bool lives = recover_lives(&vm->st, h->boot_id);

		act(h, vm, recover_decide(&vm->st, lives, time_unix_us()));
		running |= lives;
	}
	if (kill_orphans(h, e) < 0)
		return err_wrap(e, "recover");
	/* After the orphans: these start processes of VMs' uids. */
	for (size_t i = 0; i < h->vms.count; i++)
		go_on(h, h->vms.vms[i]);
	if (!running && h->jail_root[JAILROOT_VMM][0])
		jailroot_prune(h->conf->vm_dir, h->jail_root);
	return 0;
}

void
recover_expire(struct host *h)
{
	for (size_t i = h->vms.count; i-- > 0;) {
		struct vm *vm = h->vms.vms[i];

		if (!vm->job && recover_decide(&vm->st, true, time_unix_us()) ==
					RECOVER_FORGET)
			forget(h, vm);
	}
}
