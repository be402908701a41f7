#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auto.h"
#include "child.h"
#include "err.h"
#include "timeutil.h"

static void
exec_program(const char *const argv[], int pass_fd, int out_fd, pid_t parent)
{
	static char *const empty[] = {NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	char *const *args;

	/* execve(2) writes nothing through it, but its type is not const. */
	memcpy(&args, &argv, sizeof(args));
	child_begin(parent);
	if (null < 0 || dup2(null, 0) < 0 || dup2(out_fd, 1) < 0 ||
	    dup2(null, 2) < 0)
		_exit(126);
	close_range(3, UINT_MAX, CLOSE_RANGE_CLOEXEC);
	if (pass_fd >= 0 && fcntl(pass_fd, F_SETFD, 0) < 0)
		_exit(126);
	execve(argv[0], args, empty);
	_exit(127);
}

/* Reads to the end of file. -1: too much, too late, or an error. */
static int
read_all(int fd, char *out, size_t size, int64_t end)
{
	char sink[512];
	size_t used = 0;
	ssize_t n;

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left = end - time_mono_ms();

		if (left <= 0 || poll(&p, 1, (int)left) <= 0)
			return -1;
		n = out ? read(fd, out + used, size - used)
			: read(fd, sink, sizeof(sink));
		if (n <= 0)
			break;
		used += out ? (size_t)n : 0;
		if (out && used == size)
			return -1;
	}
	if (out)
		out[used] = '\0';
	return (int)n;
}

int
run_program(const char *const argv[], int pass_fd, char *out, size_t size,
	    int timeout_ms, struct err *e)
{
	int64_t end = time_mono_ms() + timeout_ms;
	auto_close int reader = -1, writer = -1;
	pid_t self = getpid(), pid;
	int ends[2], status, late;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_errno(e, "pipe");
	reader = ends[0];
	writer = ends[1];
	pid = fork();
	if (pid < 0)
		return err_errno(e, "fork");
	if (pid == 0)
		exec_program(argv, pass_fd, writer, self);
	close(steal_fd(&writer));
	late = read_all(reader, out, size, end);
	if (late)
		kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid)
		return err_errno(e, "wait for %s", argv[0]);
	if (late || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_set(e, ERR_INTERNAL, "%s failed (wait status %#x%s)",
			       argv[0], status, late ? ", killed" : "");
	return 0;
}
