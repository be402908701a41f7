/*
 * The stages, each with the system calls it needs; nothing of an earlier
 * stage is possible in a later one:
 *   1. network and mounts: setns or unshare, mount, pivot_root, umount2, chdir,
 *      sethostname (CAP_SYS_ADMIN)
 *   2. limits: setrlimit
 *   3. identity: prctl, setgroups, setresgid, setresuid, capset
 * QEMU adds its own seccomp filter after it has opened everything.
 */
#include "jail.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "child.h"
#include "err.h"

#define NOFILE_MAX 256
#define NPROC_MAX 128 /* threads: vcpus, I/O, RCU; counted per uid */

static int
mount_root(const struct jail *j, struct err *e)
{
	/* Only root can make others than its root holds. */
	unsigned long nodev = j->devices ? 0 : MS_NODEV;
	char proc[4200];

	snprintf(proc, sizeof(proc), "%s/proc", j->root);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_errno(e, "make mounts private");
	if (mount(j->root, j->root, NULL, MS_BIND, NULL) < 0 ||
	    mount(NULL, j->root, NULL,
		  MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | nodev,
		  NULL) < 0)
		return err_errno(e, "bind %s", j->root);
	/* QEMU reaches its kernel and initramfs as /proc/self/fd/N. */
	if (mount("proc", proc, "proc",
		  MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY,
		  "hidepid=invisible,subset=pid") < 0)
		return err_errno(e, "mount proc");
	return 0;
}

static int
pivot(const char *root, struct err *e)
{
	if (chdir(root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
	    umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return err_errno(e, "pivot_root to %s", root);
	if (sethostname("vmm", 3) < 0)
		return err_errno(e, "sethostname");
	return 0;
}

static int
limit(int what, int64_t value, struct err *e)
{
	struct rlimit r = {.rlim_cur = (rlim_t)value,
			   .rlim_max = (rlim_t)value};

	if (setrlimit(what, &r) < 0)
		return err_errno(e, "set limit %d", what);
	return 0;
}

static int
set_limits(const struct jail *j, struct err *e)
{
	if (limit(RLIMIT_CORE, 0, e) < 0 || limit(RLIMIT_MEMLOCK, 0, e) < 0 ||
	    limit(RLIMIT_MSGQUEUE, 0, e) < 0 ||
	    limit(RLIMIT_FSIZE, j->file_bytes, e) < 0 ||
	    limit(RLIMIT_NOFILE, NOFILE_MAX, e) < 0 ||
	    limit(RLIMIT_NPROC, NPROC_MAX, e) < 0)
		return -1;
	return 0;
}

int
jail_join(const struct jail *j, struct err *e)
{
	int rc = j->has_net ? setns(j->net_fd, CLONE_NEWNET)
			    : unshare(CLONE_NEWNET);

	return rc < 0 ? err_errno(e, "enter network namespace") : 0;
}

int
jail_enter(const struct jail *j, struct err *e)
{
	if (mount_root(j, e) < 0 || pivot(j->root, e) < 0 ||
	    set_limits(j, e) < 0 ||
	    child_become_with(j->uid, j->gid ? j->gid : j->uid, j->capabilities,
			      e) < 0)
		return err_wrap(e, "enter jail");
	return 0;
}
