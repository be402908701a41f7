#include "host_start.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "conf.h"
#include "driver.h"
#include "err.h"
#include "host.h"
#include "life.h"
#include "procfs.h"
#include "timeutil.h"
#include "job.h"
#include "vm.h"
#include "vm_store.h"

#define LOCK ".lock"
#define UIDS_LOCK "/run/caged-vm-uids.lock"
#define LOCK_MS 6000 /* longer than any job of a predecessor lives */

/*
 * Jobs inherit both locks: they are free only when no process of another
 * daemon can still change a VM. (A VMM does not hold them: exec closes them.)
 */
static int
lock_folder(int fd)
{
	return flock(fd, LOCK_EX | LOCK_NB);
}

/* One byte a uid, so that any overlap with another daemon's range shows: who
 * starts kills every process of its range that is not a VM's. */
static int
lock_uids(int fd, const struct conf *c)
{
	struct flock l = {.l_type = F_WRLCK,
			  .l_whence = SEEK_SET,
			  .l_start = c->vm_uid_base,
			  .l_len = c->vm_uid_count};

	return fcntl(fd, F_OFD_SETLK, &l);
}

static int
open_locks(struct host *h, struct err *e)
{
	const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC;

	h->lock_fd = openat(h->dir_fd, LOCK, flags, 0600);
	if (h->lock_fd < 0)
		return err_errno(e, "open %s", LOCK);
	h->uids_fd = open(UIDS_LOCK, flags, 0600);
	if (h->uids_fd < 0)
		return err_errno(e, "open %s", UIDS_LOCK);
	return 0;
}

static int
lock(struct host *h, const struct conf *c, struct err *e)
{
	const struct timespec pause = {.tv_nsec = 10000000};
	int64_t end = time_mono_ms() + LOCK_MS;

	if (open_locks(h, e) < 0)
		return -1;
	while (lock_folder(h->lock_fd) < 0 || lock_uids(h->uids_fd, c) < 0) {
		if ((errno != EAGAIN && errno != EACCES) ||
		    time_mono_ms() > end)
			return err_errno(e, "another vmctl uses this vm_dir or "
					    "this range of uids");
		nanosleep(&pause, NULL);
	}
	return 0;
}

int
host_start(struct host *h, const struct conf *c, struct err *e)
{
	h->conf = c;
	h->driver = driver_find(c->vm_driver);
	if (!h->driver)
		return err_set(e, ERR_INTERNAL, "there is no vm_driver %s",
			       c->vm_driver);
	if (procfs_boot_id(h->boot_id) < 0)
		return err_errno(e, "read boot id");
	if (uid_pool_init(&h->uids, (uid_t)c->vm_uid_base,
			  (uint32_t)c->vm_uid_count) < 0)
		return err_errno(e, "uid pool");
	if (net_host_init(&h->net, c, e) < 0)
		return -1;
	h->dir_fd = vm_store_open(c->vm_dir, e);
	if (h->dir_fd < 0)
		return -1;
	if (lock(h, c, e) < 0)
		return -1;
	if (h->driver->start(h, e) < 0)
		return err_wrap(e, "driver %s", h->driver->name);
	return 0;
}

void
host_stop(struct host *h)
{
	const struct timespec pause = {.tv_nsec = 5000000};

	while (h->jobs > 0) {
		job_check_deadlines(h);
		life_reap(h);
		nanosleep(&pause, NULL);
	}
	for (size_t i = 0; i < h->vms.count; i++) {
		loop_close(&h->loop, &h->vms.vms[i]->exit);
		loop_close(&h->loop, &h->vms.vms[i]->resolver);
	}
	if (h->links)
		netlink_close(h->links);
	free(h->links);
	vm_table_fini(&h->vms);
	uid_pool_fini(&h->uids);
	close(h->dir_fd);
	close(h->lock_fd);
	close(h->uids_fd);
}
