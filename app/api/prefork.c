#include "prefork.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "log.h"
#include "timeutil.h"

#define LIVED_A_WHILE_MS 1000
#define NEVER INT64_MAX

struct child {
	pid_t pid; /* 0: none */
	int64_t born_ms;
	int64_t start_ms; /* when to start another; NEVER while one lives */
	int64_t kill_ms;  /* when SIGTERM was not enough; NEVER: not asked */
	int64_t pause_ms;
};

struct parent {
	const struct prefork *p;
	struct child children[PREFORK_WORKERS_MAX];
	int rolling;	 /* being replaced now; -1: none */
	bool roll_again; /* asked once more meanwhile */
	bool stopping;
};

static void
fill_signals(sigset_t *s)
{
	sigemptyset(s);
	sigaddset(s, SIGTERM);
	sigaddset(s, SIGINT);
	sigaddset(s, SIGHUP);
	sigaddset(s, SIGCHLD);
}

/* A worker dies with its parent, and takes no signal but SIGTERM. */
static void
become_child(const struct prefork *p, int worker, pid_t parent)
{
	sigset_t term;

	if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent)
		_exit(EXIT_FAILURE);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_SETMASK, &term, NULL);
	exit(p->run(p->arg, worker));
}

static void
start(struct parent *a, int worker)
{
	struct child *c = &a->children[worker];
	pid_t self = getpid();
	pid_t pid = fork();

	if (pid == 0)
		become_child(a->p, worker, self);
	if (pid < 0) {
		log_error("cannot fork a worker");
		c->start_ms = time_mono_ms() + PREFORK_PAUSE_MAX_MS;
		return;
	}
	c->pid = pid;
	c->born_ms = time_mono_ms();
	c->start_ms = NEVER;
	c->kill_ms = NEVER;
}

static void
ask_to_end(struct child *c)
{
	if (c->pid == 0)
		return;
	kill(c->pid, SIGTERM);
	if (c->kill_ms == NEVER)
		c->kill_ms = time_mono_ms() + PREFORK_DRAIN_MS;
}

static void
begin_rolling(struct parent *a)
{
	if (a->rolling >= 0) {
		a->roll_again = true;
		return;
	}
	log_info("replacing the workers");
	a->rolling = 0;
	ask_to_end(&a->children[0]);
}

/* The worker that was being replaced has a successor: on to the next one. */
static void
go_on_rolling(struct parent *a)
{
	a->rolling++;
	if (a->rolling == a->p->workers) {
		a->rolling = -1;
		log_info("the workers were replaced");
		if (a->roll_again) {
			a->roll_again = false;
			begin_rolling(a);
		}
		return;
	}
	ask_to_end(&a->children[a->rolling]);
}

static void
plan_successor(struct child *c, bool asked)
{
	int64_t now = time_mono_ms();

	if (asked || now - c->born_ms >= LIVED_A_WHILE_MS) {
		c->pause_ms = 0;
		c->start_ms = now;
		return;
	}
	c->pause_ms = c->pause_ms ? 2 * c->pause_ms : PREFORK_PAUSE_MIN_MS;
	if (c->pause_ms > PREFORK_PAUSE_MAX_MS)
		c->pause_ms = PREFORK_PAUSE_MAX_MS;
	c->start_ms = now + c->pause_ms;
}

static void
note_death(struct parent *a, int worker, int status)
{
	struct child *c = &a->children[worker];
	bool asked = c->kill_ms != NEVER;
	char number[16], how[32];

	c->pid = 0;
	a->p->gone(a->p->arg, worker);
	if (!asked) {
		snprintf(number, sizeof(number), "%d", worker);
		snprintf(how, sizeof(how), "%s %d",
			 WIFSIGNALED(status) ? "signal" : "status",
			 WIFSIGNALED(status) ? WTERMSIG(status)
					     : WEXITSTATUS(status));
		log_warn("a worker died", "worker", number, "how", how);
	}
	plan_successor(c, asked);
}

static void
reap(struct parent *a)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (int i = 0; i < a->p->workers; i++)
			if (a->children[i].pid == pid)
				note_death(a, i, status);
}

/* Starts and kills what is due. */
static void
look_after(struct parent *a)
{
	int64_t now = time_mono_ms();

	for (int i = 0; i < a->p->workers; i++) {
		struct child *c = &a->children[i];

		if (c->pid && now >= c->kill_ms)
			kill(c->pid, SIGKILL);
		if (c->pid || a->stopping || now < c->start_ms)
			continue;
		start(a, i);
		if (a->rolling == i && c->pid)
			go_on_rolling(a);
	}
}

static int64_t
next_due(const struct parent *a)
{
	int64_t due = NEVER;

	for (int i = 0; i < a->p->workers; i++) {
		const struct child *c = &a->children[i];
		int64_t mine = c->pid ? c->kill_ms : c->start_ms;

		if (!c->pid && a->stopping)
			continue;
		if (mine < due)
			due = mine;
	}
	return due;
}

/* The next signal, or 0 when something is due. */
static int
wait_signal(const struct parent *a, const sigset_t *signals)
{
	int64_t due = next_due(a);
	int64_t left = due == NEVER ? 60000 : due - time_mono_ms();
	struct timespec t;
	int sig;

	if (left < 0)
		left = 0;
	t.tv_sec = left / 1000;
	t.tv_nsec = left % 1000 * 1000000;
	sig = sigtimedwait(signals, NULL, &t);
	return sig > 0 ? sig : 0;
}

static bool
any_child(const struct parent *a)
{
	for (int i = 0; i < a->p->workers; i++)
		if (a->children[i].pid)
			return true;
	return false;
}

static void
stop_all(struct parent *a)
{
	a->stopping = true;
	a->rolling = -1;
	for (int i = 0; i < a->p->workers; i++)
		ask_to_end(&a->children[i]);
}

int
prefork_run(const struct prefork *p, struct err *e)
{
	struct parent a = {.p = p, .rolling = -1};
	sigset_t signals;

	assert(p->workers > 0 && p->workers <= PREFORK_WORKERS_MAX);
	fill_signals(&signals);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
		return err_errno(e, "block signals");
	look_after(&a);
	p->ready(p->arg);
	while (!a.stopping || any_child(&a)) {
		int sig = wait_signal(&a, &signals);

		if (sig == SIGTERM || sig == SIGINT)
			stop_all(&a);
		else if (sig == SIGHUP && !a.stopping)
			begin_rolling(&a);
		reap(&a);
		look_after(&a);
	}
	return 0;
}
