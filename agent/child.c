#include "child.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auto.h"
#include "err.h"

#define NOFILE_SOFT 1024 /* what select() can take */
#define NOFILE_HARD 524288

void
child_reset(void)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	umask(022);
	setsid();
}

static int
reset_limit(int what, rlim_t soft, rlim_t hard, struct err *e)
{
	struct rlimit r = {soft, hard};

	if (setrlimit(what, &r) < 0)
		return err_errno(e, "setrlimit %d", what);
	return 0;
}

int
child_unguard(struct err *e)
{
	auto_close int fd =
		open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "0", 1) != 1)
		return err_errno(e, "oom_score_adj");
	if (setpriority(PRIO_PROCESS, 0, 0) < 0)
		return err_errno(e, "setpriority");
	/* The control group bounds processes; a limit per user would let one
	 * command starve the others. */
	if (reset_limit(RLIMIT_NPROC, RLIM_INFINITY, RLIM_INFINITY, e) < 0 ||
	    reset_limit(RLIMIT_CORE, 0, RLIM_INFINITY, e) < 0)
		return -1;
	return reset_limit(RLIMIT_NOFILE, NOFILE_SOFT, NOFILE_HARD, e);
}

void
child_close_on_exec(void)
{
	close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
}
