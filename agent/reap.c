#include "reap.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent.h"
#include "err.h"

static void
on_ready(struct loop_io *io, uint32_t events)
{
	struct reaper *r = container_of(io, struct reaper, io);
	struct signalfd_siginfo si;
	int status;
	pid_t pid;

	(void)events;
	while (read(io->fd, &si, sizeof(si)) > 0)
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (!exec_reaped(&r->agent->execs, pid, status))
			worker_reaped(&r->agent->workers, pid);
}

int
reaper_init(struct reaper *r, struct agent *a, struct err *e)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return err_errno(e, "block SIGCHLD");
	*r = (struct reaper){.agent = a};
	r->io = (struct loop_io){
		.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK),
		.ready = on_ready,
	};
	if (r->io.fd < 0)
		return err_errno(e, "signalfd");
	loop_watch(&a->loop, &r->io, EPOLLIN);
	return 0;
}
