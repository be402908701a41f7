#include "qmp_helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "auto.h"
#include "child.h"
#include "err.h"
#include "qmp.h"
#include "timeutil.h"

#define SESSION_MS 4500 /* below the operations' deadline */
#define LOG_WAIT_MS 200 /* for the last words of a VMM that hung up */

/* All that root learns: of a fixed size, and nothing in it is trusted. */
struct said {
	uint32_t ok; /* 1: the command was done */
	char text[200];
};

static int
talk(const struct qmp_helper *h, struct err *e)
{
	struct qmp q;
	int rc;

	qmp_init(&q, h->qmp_fd, time_mono_ms() + SESSION_MS);
	rc = qmp_start(&q, e);
	if (rc == 0)
		rc = qmp_command(&q, h->command, h->arguments, e);
	qmp_fini(&q);
	return rc;
}

/* Appends what the VMM printed to the reason. */
static void
add_last_words(struct said *s, int log_fd)
{
	struct pollfd p = {.fd = log_fd, .events = POLLIN};
	size_t used = strlen(s->text);
	ssize_t n;

	if (log_fd < 0 || used + 3 >= sizeof(s->text) ||
	    poll(&p, 1, LOG_WAIT_MS) <= 0)
		return;
	memcpy(s->text + used, ": ", 3);
	used += 2;
	n = read(log_fd, s->text + used, sizeof(s->text) - used - 1);
	s->text[used + (n > 0 ? (size_t)n : 0)] = '\0';
}

/* Nothing to see, nobody to reach, nothing to start. */
static int
give_up_rights(const struct qmp_helper *h, struct err *e)
{
	const struct rlimit few = {.rlim_cur = 16, .rlim_max = 16};
	const struct rlimit none = {0};

	if (unshare(CLONE_NEWNET | CLONE_NEWIPC) < 0 || chroot(h->root) < 0 ||
	    chdir("/") < 0)
		return err_errno(e, "leave the host");
	if (setrlimit(RLIMIT_NOFILE, &few) < 0 ||
	    setrlimit(RLIMIT_FSIZE, &none) < 0 ||
	    setrlimit(RLIMIT_NPROC, &none) < 0)
		return err_errno(e, "set limits");
	if (child_become(h->uid, e) < 0)
		return -1;
	/* Changing the uid cleared both. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return 0;
}

static void
helper(const struct qmp_helper *h, int out)
{
	int keep[] = {h->qmp_fd, h->log_fd, out};
	struct said s = {0};
	struct err why = {0};

	child_keep_fds(keep, sizeof(keep) / sizeof(keep[0]));
	if (give_up_rights(h, &why) == 0 && talk(h, &why) == 0)
		s.ok = 1;
	if (!s.ok) {
		snprintf(s.text, sizeof(s.text), "%.120s", why.msg);
		add_last_words(&s, h->log_fd);
	}
	_exit(write(out, &s, sizeof(s)) == (ssize_t)sizeof(s) ? 0 : 1);
}

static int
hear(int fd, struct err *e)
{
	struct said s;

	if (read(fd, &s, sizeof(s)) != (ssize_t)sizeof(s))
		return err_set(e, ERR_VMM_FAILED, "the QMP helper died");
	if (s.ok == 1)
		return 0;
	s.text[sizeof(s.text) - 1] = '\0';
	for (char *p = s.text; *p; p++) {
		if (*p < ' ' || *p > '~')
			*p = ' ';
	}
	return err_set(e, ERR_VMM_FAILED, "%s", s.text);
}

int
qmp_helper_run(const struct qmp_helper *h, struct err *e)
{
	auto_close int reader = -1, writer = -1;
	pid_t self = getpid(), pid;
	int ends[2], rc;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_errno(e, "pipe");
	reader = ends[0];
	writer = ends[1];
	pid = fork();
	if (pid < 0)
		return err_errno(e, "fork");
	if (pid == 0) {
		child_begin(self);
		helper(h, writer);
	}
	close(steal_fd(&writer));
	rc = hear(reader, e);
	waitpid(pid, NULL, 0);
	return rc;
}
