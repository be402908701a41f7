#include "job_work.h"

#include <signal.h>
#include <sys/pidfd.h>

#include "auto.h"
#include "child.h"
#include "driver.h"
#include "err.h"
#include "host.h"
#include "vm_state.h"
#include "vm_store.h"

#define KILL_MS 4000 /* below the operations' deadline */

int
job_work_create(const struct host *h, struct vm_state *st, int vmm_fd,
		struct err *e)
{
	auto_close int folder = -1;

	(void)vmm_fd;
	st->state = VMCTL_STATE_creating;
	if (vm_store_write(h->dir_fd, st, e) < 0)
		return -1;
	folder = vm_store_folder(h->dir_fd, st->sandbox, 0, e);
	if (folder < 0 || h->driver->boot(h, folder, st, e) < 0)
		return err_wrap(e, "create %s", st->sandbox);
	st->state = VMCTL_STATE_running;
	st->done = true;
	return vm_store_write(h->dir_fd, st, e);
}

/* The VMM first: by its descriptor, which cannot mean another process. */
static int
kill_vmm(struct vm_state *st, int vmm_fd, struct err *e)
{
	if (vmm_fd >= 0)
		pidfd_send_signal(vmm_fd, SIGKILL, NULL, 0);
	if (st->uid != 0 && child_kill_uid(st->uid, KILL_MS, e) < 0)
		return -1;
	st->pid = 0;
	return 0;
}

static int
remove_files(const struct host *h, struct vm_state *st, struct err *e)
{
	struct err why;

	if (vm_store_empty(h->dir_fd, st->sandbox, &why) < 0 &&
	    why.code != ERR_NOT_FOUND)
		return err_set(e, why.code, "%s", why.msg);
	st->uid = 0;
	return 0;
}

int
job_work_destroy(const struct host *h, struct vm_state *st, int vmm_fd,
		 struct err *e)
{
	st->state = VMCTL_STATE_destroying;
	st->done = false;
	st->error = ERR_NONE;
	if (vm_store_write(h->dir_fd, st, e) < 0 ||
	    kill_vmm(st, vmm_fd, e) < 0 || remove_files(h, st, e) < 0)
		return -1;
	st->state = VMCTL_STATE_destroyed;
	st->done = true;
	return vm_store_write(h->dir_fd, st, e);
}

int
job_work_undo(const struct host *h, struct vm_state *st, int vmm_fd,
	      struct err *e)
{
	if (kill_vmm(st, vmm_fd, e) < 0 || remove_files(h, st, e) < 0)
		return -1;
	st->state = VMCTL_STATE_absent;
	return vm_store_write(h->dir_fd, st, e);
}

int
job_work_exit(const struct host *h, struct vm_state *st, int vmm_fd,
	      struct err *e)
{
	if (kill_vmm(st, vmm_fd, e) < 0)
		return -1;
	st->state = VMCTL_STATE_exited;
	return vm_store_write(h->dir_fd, st, e);
}

int
job_work_hang_up(const struct host *h, struct vm_state *st, int vmm_fd,
		 struct err *e)
{
	auto_close int folder = vm_store_folder(h->dir_fd, st->sandbox, 0, e);

	(void)vmm_fd;
	return folder < 0 ? -1 : h->driver->hang_up(h, folder, st, e);
}
