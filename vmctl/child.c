#include "child.h"

#include <assert.h>
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "procfs.h"
#include "timeutil.h"

#define FIRST_UID \
	1000 /* conf.def's lower bound: never kill as a system user \
	      */
#define POLL_MS 2

void
child_begin(pid_t parent)
{
	static const int reset[] = {SIGTERM, SIGINT, SIGCHLD, SIGPIPE, SIGHUP};
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	for (size_t i = 0; i < sizeof(reset) / sizeof(reset[0]); i++)
		signal(reset[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int
order(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

void
child_keep_fds(int *keep, size_t n)
{
	unsigned from = 3;

	qsort(keep, n, sizeof(int), order);
	for (size_t i = 0; i < n; i++) {
		if (keep[i] < (int)from)
			continue;
		if ((unsigned)keep[i] > from)
			close_range(from, (unsigned)keep[i] - 1, 0);
		from = (unsigned)keep[i] + 1;
	}
	close_range(from, UINT_MAX, 0);
}

/* Of all capabilities only those in `keep` are left, in every set. */
static int
limit_capabilities(uint64_t keep)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	for (int i = 0; i < 2; i++) {
		uint32_t bits = (uint32_t)(keep >> (32 * i));

		data[i] = (struct __user_cap_data_struct){.effective = bits,
							  .permitted = bits,
							  .inheritable = bits};
	}
	if (syscall(SYS_capset, &head, data) < 0)
		return -1;
	for (int cap = 0; keep >> cap; cap++) {
		if ((keep >> cap & 1) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return -1;
	}
	return 0;
}

static int
limit_bounds(uint64_t keep, struct err *e)
{
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++) {
		if (!(keep >> cap & 1) && prctl(PR_CAPBSET_DROP, cap) < 0)
			return err_errno(e, "drop capability %d", cap);
	}
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 ||
	    prctl(PR_SET_KEEPCAPS, keep != 0) < 0)
		return err_errno(e, "drop ambient capabilities");
	return 0;
}

int
child_become_with(uid_t uid, gid_t gid, uint64_t keep, struct err *e)
{
	assert(uid >= FIRST_UID && gid >= FIRST_UID);
	if (limit_bounds(keep, e) < 0)
		return -1;
	if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 ||
	    setresuid(uid, uid, uid) < 0)
		return err_errno(e, "become uid %u", uid);
	if (limit_capabilities(keep) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_errno(e, "drop privileges");
	return 0;
}

int
child_become(uid_t uid, struct err *e)
{
	return child_become_with(uid, uid, 0, e);
}

/* kill(-1) reaches every process of the uid at once, so that none can fork
 * its way out between a look at /proc and a signal. */
static int
kill_all_as(uid_t uid)
{
	pid_t pid = fork();
	struct err e;
	int status;

	if (pid == 0) {
		if (child_become(uid, &e) < 0 || getuid() != uid)
			_exit(1);
		if (kill(-1, SIGKILL) < 0 && errno != ESRCH)
			_exit(1);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	/* Whoever else kills this uid kills the helper too: it is tried again. */
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return 0;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

int
child_kill_uid(uid_t uid, int timeout_ms, struct err *e)
{
	const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
	int64_t end = time_mono_ms() + timeout_ms;
	int left;

	assert(uid >= FIRST_UID);
	while ((left = procfs_each(uid, uid, NULL, NULL)) != 0) {
		if (left < 0 || kill_all_as(uid) < 0)
			return err_set(e, ERR_INTERNAL,
				       "cannot kill processes of uid %u", uid);
		if (time_mono_ms() > end)
			return err_set(e, ERR_VMM_FAILED,
				       "%d processes of uid %u do not die",
				       left, uid);
		nanosleep(&pause, NULL);
	}
	return 0;
}
