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

static int
write_names(const struct host *h, const struct vm_state *st, const char *names,
	    struct err *e)
{
	return names ? vm_store_write_names(h->dir_fd, st->sandbox, names, e)
		     : 0;
}

int
job_work_create(const struct host *h, struct vm_state *st,
		const struct job_task *t, struct err *e)
{
	auto_close int folder = -1;

	st->state = VMCTL_STATE_creating;
	if (vm_store_write(h->dir_fd, st, e) < 0 ||
	    write_names(h, st, t->names, e) < 0)
		return -1;
	folder = vm_store_folder(h->dir_fd, st->sandbox, 0, e);
	if (folder < 0 || h->driver->boot(h, folder, st, e) < 0)
		return err_wrap(e, "create %s", st->sandbox);
	st->state = VMCTL_STATE_running;
	st->done = true;
	return vm_store_write(h->dir_fd, st, e);
}

/* The VMM first: by its descriptor, which cannot mean another process. Then
 * its resolver, which has its uid: with the last of them the network is gone. */
static int
kill_vmm(struct vm_state *st, int vmm_fd, struct err *e)
{
	if (vmm_fd >= 0)
		pidfd_send_signal(vmm_fd, SIGKILL, NULL, 0);
	if (st->uid != 0 && child_kill_uid(st->uid, KILL_MS, e) < 0)
		return -1;
	st->pid = 0;
	st->resolver_pid = 0;
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
job_work_destroy(const struct host *h, struct vm_state *st,
		 const struct job_task *t, struct err *e)
{
	st->state = VMCTL_STATE_destroying;
	st->done = false;
	st->error = ERR_NONE;
	if (vm_store_write(h->dir_fd, st, e) < 0 ||
	    kill_vmm(st, t->vmm_fd, e) < 0 || remove_files(h, st, e) < 0)
		return -1;
	st->state = VMCTL_STATE_destroyed;
	st->done = true;
	return vm_store_write(h->dir_fd, st, e);
}

int
job_work_undo(const struct host *h, struct vm_state *st,
	      const struct job_task *t, struct err *e)
{
	if (kill_vmm(st, t->vmm_fd, e) < 0 || remove_files(h, st, e) < 0)
		return -1;
	st->state = VMCTL_STATE_absent;
	return vm_store_write(h->dir_fd, st, e);
}

int
job_work_exit(const struct host *h, struct vm_state *st,
	      const struct job_task *t, struct err *e)
{
	if (kill_vmm(st, t->vmm_fd, e) < 0)
		return -1;
	st->state = VMCTL_STATE_exited;
	return vm_store_write(h->dir_fd, st, e);
}

int
job_work_hang_up(const struct host *h, struct vm_state *st,
		 const struct job_task *t, struct err *e)
{
	auto_close int folder = vm_store_folder(h->dir_fd, st->sandbox, 0, e);

	(void)t;
	return folder < 0 ? -1 : h->driver->hang_up(h, folder, st, e);
}

/* The state says what is wanted before anything is done: it will be done even
 * when this is cut. */
int
job_work_network(const struct host *h, struct vm_state *st,
		 const struct job_task *t, struct err *e)
{
	st->done = false;
	st->error = ERR_NONE;
	if (write_names(h, st, t->names, e) < 0 ||
	    vm_store_write(h->dir_fd, st, e) < 0 ||
	    h->driver->set_network(h, st, e) < 0)
		return err_wrap(e, "network of %s", st->sandbox);
	st->done = true;
	return vm_store_write(h->dir_fd, st, e);
}

int
job_work_resolver(const struct host *h, struct vm_state *st,
		  const struct job_task *t, struct err *e)
{
	(void)t;
	if (h->driver->resolve(h, st, e) < 0)
		return err_wrap(e, "resolver of %s", st->sandbox);
	return vm_store_write(h->dir_fd, st, e);
}
