#include "exec.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent.h"
#include "cgroup.h"
#include "err.h"
#include "exec_pipe.h"
#include "exec_spawn.h"
#include "exec_stream.h"
#include "text.h"
#include "timeutil.h"

#define TIDY_MS 5000

/* Exit codes of commands that did not end by themselves. */
#define CODE_TIMEOUT 124
#define CODE_SIGNAL 128

/* The oldest ended command that still keeps output. */
static bool
evict_oldest(struct exec_budget *b)
{
	struct exec_table *t = container_of(b, struct exec_table, budget);
	struct exec_run *oldest = NULL;

	for (struct exec_run *x = t->runs; x; x = x->next)
		if (x->state == EXEC_ENDED && !x->stream &&
		    x->output.n_head + x->output.n_tail > 0)
			oldest = x;
	if (!oldest)
		return false;
	exec_output_drop(&oldest->output);
	return true;
}

/* The child of a command that starts is on its way into its group. */
static bool
starts_in(const void *arg, unsigned number)
{
	const struct exec_table *t = arg;

	for (const struct exec_run *x = t->runs; x; x = x->next)
		if (x->state == EXEC_STARTING && x->group.number == number)
			return true;
	return false;
}

static void
tidy(struct loop_timer *timer)
{
	struct exec_table *t = container_of(timer, struct exec_table, tidy);
	int64_t oldest = time_mono_ms() - CHANNEL_KEEP_S * INT64_C(1000);
	struct exec_run *x = t->runs, *next;
	size_t kept = 0;

	for (; x; x = next) {
		next = x->next;
		if (x->state != EXEC_ENDED || x->stream)
			continue;
		if (x->ended_ms < oldest || ++kept > EXEC_KEPT_MAX)
			exec_forget(x);
	}
	exec_groups_sweep(&t->groups, starts_in, t);
	if (t->runs)
		loop_arm(t->loop, &t->tidy, TIDY_MS);
}

void
exec_table_init(struct exec_table *t, struct loop *l, const struct guard *g,
		const struct claim_state *c)
{
	*t = (struct exec_table){
		.loop = l, .guard = g, .claim = c, .tidy.due = tidy};
	exec_budget_init(&t->budget, g->reserve / 2, evict_oldest);
	orphan_table_init(&t->orphans, l);
	exec_groups_init(&t->groups, l, g);
}

static void
kill_tree(struct exec_run *x)
{
	if (x->group.fd >= 0)
		cgroup_kill(x->group.fd);
	/* Root may have moved itself out of its group. */
	kill(-x->pid, SIGKILL);
	kill(x->pid, SIGKILL);
}

void
exec_table_fini(struct exec_table *t)
{
	while (t->runs) {
		if (t->runs->state < EXEC_DRAINING)
			kill_tree(t->runs);
		exec_forget(t->runs);
	}
	loop_disarm(t->loop, &t->tidy);
	orphan_table_fini(&t->orphans);
	exec_groups_fini(&t->groups);
}

struct exec_run *
exec_find(struct exec_table *t, const char *id)
{
	for (struct exec_run *x = t->runs; x; x = x->next)
		if (strcmp(x->id, id) == 0)
			return x;
	return NULL;
}

static void
on_timeout(struct loop_timer *timer)
{
	struct exec_run *x = container_of(timer, struct exec_run, timeout);

	x->timed_out = true;
	kill_tree(x);
}

static void
stdin_took(struct sink *s, size_t n)
{
	exec_stream_took(container_of(s, struct exec_run, in), n);
}

/* The child is at its program, or said why it could not get there: then the
 * run is forgotten, and false. */
static bool
take_status(struct exec_run *x)
{
	struct exec_watch *watch = x->watch;
	struct err e;
	ssize_t n = read(x->status.fd, &e, sizeof(e));

	if (n == sizeof(e)) {
		exec_stream_failed(x, &e);
		exec_forget(x);
		if (watch)
			watch->failed(watch, &e);
		return false;
	}
	loop_close(x->table->loop, &x->status);
	x->state = EXEC_RUNNING;
	exec_stream_started(x);
	exec_pace(x);
	return true;
}

static void
on_status(struct loop_io *io, uint32_t events)
{
	(void)events;
	take_status(container_of(io, struct exec_run, status));
}

static void
set_up(struct exec_run *x, struct exec_table *t, const struct exec_child *c,
       const struct exec *req)
{
	x->table = t;
	text_copy(x->id, sizeof(x->id), req->exec);
	x->pid = c->pid;
	x->started_us = time_unix_us();
	x->started_mono_us = time_mono_us();
	x->status = (struct loop_io){.fd = c->status_fd, .ready = on_status};
	exec_pipe_init(&x->out[0], x, c->out_fd, false);
	exec_pipe_init(&x->out[1], x, c->err_fd, true);
	sink_init(&x->in, t->loop, c->in_fd, stdin_took);
	exec_output_init(&x->output, &t->budget);
	x->timeout.due = on_timeout;
	loop_arm(t->loop, &x->timeout, req->timeout_ms);
	loop_watch(t->loop, &x->status, EPOLLIN);
}

static int
spawn(struct exec_run *x, struct exec_table *t, const struct exec *req,
      struct exec_child *out, struct err *e)
{
	if (exec_spawn_check(req, e) < 0 ||
	    exec_groups_take(&t->groups, &x->group, e) < 0)
		return -1;
	if (exec_spawn(out, req, t->guard, x->group.fd, t->claim, e) == 0)
		return 0;
	exec_groups_put(&t->groups, &x->group);
	return -1;
}

struct exec_run *
exec_start(struct exec_table *t, const struct exec *req, struct err *e)
{
	struct exec_child child;
	struct exec_run *x;

	if (exec_find(t, req->exec)) {
		err_field(e, "exec", "%s was started before", req->exec);
		return NULL;
	}
	if (t->n_live >= CHANNEL_EXECS_MAX) {
		err_set(e, ERR_TOO_MANY_EXECS, "%d commands are running",
			CHANNEL_EXECS_MAX);
		return NULL;
	}
	x = calloc(1, sizeof(*x));
	if (!x) {
		err_set(e, ERR_OVERLOADED, "out of memory");
		return NULL;
	}
	if (spawn(x, t, req, &child, e) < 0) {
		free(x);
		return NULL;
	}
	set_up(x, t, &child, req);
	x->next = t->runs;
	t->runs = x;
	t->n_live++;
	loop_arm(t->loop, &t->tidy, TIDY_MS);
	return x;
}

void
exec_forget(struct exec_run *x)
{
	struct exec_table *t = x->table;
	struct exec_run **at = &t->runs;

	while (*at != x)
		at = &(*at)->next;
	*at = x->next;
	if (x->state == EXEC_ENDED)
		t->n_ended--;
	else
		t->n_live--;
	loop_disarm(t->loop, &x->timeout);
	loop_close(t->loop, &x->status);
	exec_pipe_fini(&x->out[0]);
	exec_pipe_fini(&x->out[1]);
	sink_fini(&x->in);
	exec_output_drop(&x->output);
	exec_groups_put(&t->groups, &x->group);
	free(x);
}

static void
set_result(struct exec_run *x, int status)
{
	bool oom = x->group.fd >= 0 &&
		   cgroup_get(x->group.fd, "memory.events", "oom_kill") > 0;

	x->exit_code = WIFSIGNALED(status) ? CODE_SIGNAL + WTERMSIG(status)
					   : WEXITSTATUS(status);
	if (x->timed_out) {
		x->exit_code = CODE_TIMEOUT;
		x->cause = "timeout";
	} else if (oom && x->exit_code == CODE_SIGNAL + SIGKILL) {
		x->cause = "oom";
	} else {
		x->cause = WIFSIGNALED(status) ? "signal" : "exit";
	}
}

bool
exec_reaped(struct exec_table *t, pid_t pid, int wait_status)
{
	struct exec_run *x = t->runs;

	while (x && !(x->pid == pid && x->state < EXEC_DRAINING))
		x = x->next;
	if (!x)
		return false;
	if (x->state == EXEC_STARTING && !take_status(x))
		return true;
	x->duration_us = time_mono_us() - x->started_mono_us;
	loop_disarm(t->loop, &x->timeout);
	set_result(x, wait_status);
	x->state = EXEC_DRAINING;
	sink_fini(&x->in);
	sink_init(&x->in, t->loop, -1, stdin_took);
	exec_pipe_exited(&x->out[0]);
	exec_pipe_exited(&x->out[1]);
	exec_pace(x);
	return true;
}

static void
end(struct exec_run *x)
{
	struct exec_table *t = x->table;

	x->state = EXEC_ENDED;
	x->ended_ms = time_mono_ms();
	t->n_live--;
	t->n_ended++;
	exec_output_settle(&x->output);
}

void
exec_pace(struct exec_run *x)
{
	bool read = !x->stream || x->output.total - x->sent <= CHANNEL_WINDOW;

	if (x->state == EXEC_STARTING || x->state == EXEC_ENDED)
		return;
	exec_pipe_watch(&x->out[0], read);
	exec_pipe_watch(&x->out[1], read);
	if (x->state == EXEC_DRAINING && x->out[0].io.fd < 0 &&
	    x->out[1].io.fd < 0) {
		end(x);
		if (x->watch)
			x->watch->ended(x->watch, x);
		else
			exec_stream_progress(x);
	}
}
