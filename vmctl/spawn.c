#include "spawn.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auto.h"
#include "err.h"
#include "jail.h"

#define FD_PARKED 64 /* above every number that a program is given */

/* The child's end of the pipe that tells the spawner of a failure: its reader
 * is gone when the spawner is. */
static int
spawner_lives(int report)
{
	struct pollfd p = {.fd = report};

	return poll(&p, 1, 0) == 0;
}

static int
park(int fd, int *out)
{
	*out = fcntl(fd, F_DUPFD_CLOEXEC, FD_PARKED);
	return *out < 0 ? -1 : 0;
}

/* Puts each descriptor at its number; all others close at exec. */
static int
place_fds(const struct spawn *s, struct err *e)
{
	int parked[SPAWN_FDS_MAX], log = -1;
	int input = s->input_fd >= 0 ? s->input_fd
				     : open("/dev/null", O_RDONLY | O_CLOEXEC);
	unsigned end = SPAWN_FD_FIRST + (unsigned)s->fd_count;

	if (input < 0 || park(input, &input) < 0 || park(s->log_fd, &log) < 0)
		return err_errno(e, "duplicate standard descriptors");
	for (size_t i = 0; i < s->fd_count; i++) {
		if (park(s->fds[i], &parked[i]) < 0)
			return err_errno(e, "duplicate descriptor");
	}
	if (dup2(input, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0)
		return err_errno(e, "place standard descriptors");
	for (size_t i = 0; i < s->fd_count; i++) {
		if (dup2(parked[i], SPAWN_FD_FIRST + (int)i) < 0)
			return err_errno(e, "place descriptor");
	}
	if (close_range(end, UINT_MAX, CLOSE_RANGE_CLOEXEC) < 0)
		return err_errno(e, "close_range");
	return 0;
}

static int
run(const struct spawn *s, int *report, struct err *e)
{
	static char *const empty[] = {NULL};
	char *const *args;

	/* Until it has its own uid it must die with its spawner, since only
	 * processes of that uid are found and killed afterwards. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (park(*report, report) < 0 || !spawner_lives(*report))
		return err_set(e, ERR_INTERNAL, "the spawner died");
	if (setsid() < 0)
		return err_errno(e, "setsid");
	if (jail_join(s->jail, e) < 0 || place_fds(s, e) < 0 ||
	    jail_enter(s->jail, e) < 0)
		return -1;
	if (!spawner_lives(*report))
		return err_set(e, ERR_INTERNAL, "the spawner died");
	/* execve(2) writes nothing through it, but its type is not const. */
	memcpy(&args, &s->argv, sizeof(args));
	execve(s->program, args, empty);
	return err_errno(e, "execute %s", s->program);
}

/* 0 when the program runs (the pipe closed at exec). */
static int
read_report(int fd, struct err *e)
{
	struct err said;
	ssize_t n = read(fd, &said, sizeof(said));

	if (n == 0)
		return 0;
	if (n != (ssize_t)sizeof(said))
		return err_set(e, ERR_INTERNAL, "the VMM's process died");
	said.msg[sizeof(said.msg) - 1] = '\0';
	return err_set(e, ERR_VMM_FAILED, "%s", said.msg);
}

pid_t
spawn_in_jail(const struct spawn *s, struct err *e)
{
	int ends[2];
	auto_close int reader = -1, writer = -1;
	struct err why = {0};
	long pid;

	assert(s->fd_count <= SPAWN_FDS_MAX);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_errno(e, "pipe");
	reader = ends[0];
	writer = ends[1];
	pid = syscall(SYS_clone, JAIL_NAMESPACES | SIGCHLD, 0, 0, 0, 0);
	if (pid < 0)
		return err_errno(e, "clone");
	if (pid == 0) {
		close(steal_fd(&reader));
		run(s, &writer, &why);
		if (write(writer, &why, sizeof(why)) < 0)
			_exit(2);
		_exit(1);
	}
	close(steal_fd(&writer));
	if (read_report(reader, e) < 0) {
		kill((pid_t)pid, SIGKILL);
		waitpid((pid_t)pid, NULL, 0);
		return -1;
	}
	return (pid_t)pid;
}
