#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent.h"
#include "auto.h"
#include "cgroup.h"
#include "err.h"
#include "guard.h"
#include "stream.h"
#include "worker_io.h"

#define MEMORY_EACH (INT64_C(16) << 20)
#define WORKERS_MIN 4

void
worker_table_init(struct worker_table *t, struct loop *l, const struct guard *g)
{
	int64_t max = g->memory / MEMORY_EACH;

	if (max < WORKERS_MIN)
		max = WORKERS_MIN;
	*t = (struct worker_table){.loop = l, .guard = g};
	t->max = max > WORKERS_MAX ? WORKERS_MAX : (size_t)max;
	for (size_t i = 0; i < WORKERS_MAX; i++)
		t->slots[i] = (struct worker){
			.table = t, .group_fd = -1, .io.fd = -1};
}

/* The job is done; its process may still be there. */
static void
close_io(struct worker *w)
{
	if (w->io.fd < 0)
		return;
	sink_fini(&w->in);
	loop_close(w->table->loop, &w->io);
	free(steal_ptr(&w->packet));
	w->len = w->at = 0;
}

/* Its group holds what it started, and that may have left its session. */
static void
kill_all(struct worker *w)
{
	if (w->group_fd >= 0)
		cgroup_kill(w->group_fd);
	kill(-w->pid, SIGKILL);
	kill(w->pid, SIGKILL);
}

void
worker_table_fini(struct worker_table *t)
{
	for (size_t i = 0; i < WORKERS_MAX; i++) {
		struct worker *w = &t->slots[i];

		if (w->pid > 0)
			kill_all(w);
		loop_disarm(t->loop, &w->abort);
		close_io(w);
		if (w->group_fd >= 0)
			close(w->group_fd);
	}
}

static void
on_abort(struct loop_timer *timer)
{
	kill_all(container_of(timer, struct worker, abort));
}

/* The stream has its END or ERROR, or was lost. A worker that still runs sees
 * its socket closed, tidies up and ends. */
static void
finish(struct worker *w)
{
	w->stream = NULL;
	close_io(w);
	if (w->pid > 0)
		loop_arm(w->table->loop, &w->abort, WORKER_ABORT_MS);
}

static void
fail(struct worker *w)
{
	struct stream *s = w->stream;
	struct err e = {0};

	err_set(&e, ERR_INTERNAL, "the worker died");
	finish(w);
	if (s)
		stream_error(s, &e);
}

/* Sends what was read. False when the stream cannot take it now, or is over. */
static bool
forward(struct worker *w)
{
	struct stream *s = w->stream;
	uint8_t type = w->packet[0], flags = w->packet[1];
	const uint8_t *p = w->packet + w->at;
	size_t n = w->len - w->at, room;

	if (type != FRAME_DATA) {
		if (!link_has_space(s->link))
			return false;
		w->len = 0;
		if (type == FRAME_REPLY) {
			link_send(s->link, s->id, FRAME_REPLY, 0, p, n);
			return true;
		}
		w->stream = NULL;
		stream_close(s, type, p, n);
		finish(w);
		return false;
	}
	room = stream_room(s);
	if (room == 0 && n > 0)
		return false;
	if (n > room) {
		stream_data(s, flags & (uint8_t)~DATA_EOF, p, room);
		w->at += room;
		return false;
	}
	stream_data(s, flags, p, n);
	w->len = 0;
	return true;
}

static bool
packet_ok(const struct worker *w)
{
	uint8_t type = w->len >= WORKER_HEADER ? w->packet[0] : 0;

	return type == FRAME_REPLY || type == FRAME_DATA || type == FRAME_END ||
	       type == FRAME_ERROR;
}

/* Reads packets until the stream has enough. */
static void
pump(struct worker *w)
{
	while (w->stream && w->io.fd >= 0) {
		ssize_t n;

		if (w->len > 0 && !forward(w))
			break;
		n = recv(w->io.fd, w->packet, WORKER_PACKET_MAX, MSG_DONTWAIT);
		/* It ended with input unread; what it said comes next. */
		if (n < 0 && errno == ECONNRESET)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		w->len = n < 0 ? 0 : (size_t)n;
		w->at = WORKER_HEADER;
		if (!packet_ok(w)) {
			w->len = 0;
			fail(w);
		}
	}
	if (w->io.fd >= 0)
		loop_watch(w->table->loop, &w->io, w->len > 0 ? 0 : EPOLLIN);
}

static void
on_ready(struct loop_io *io, uint32_t events)
{
	(void)events;
	pump(container_of(io, struct worker, io));
}

static void
in_took(struct sink *in, size_t n)
{
	struct worker *w = container_of(in, struct worker, in);

	if (w->stream)
		stream_took(w->stream, n);
}

static void
on_data(struct stream *s, uint8_t flags, const uint8_t *p, size_t n)
{
	struct worker *w = s->owner;

	sink_put(&w->in, p, n);
	if (flags & DATA_EOF)
		sink_eof(&w->in);
}

static void
on_resume(struct stream *s)
{
	pump(s->owner);
}

static void
on_gone(struct stream *s)
{
	finish(s->owner);
}

static const struct stream_ops ops = {
	.data = on_data, .resume = on_resume, .gone = on_gone};

static struct worker *
free_slot(struct worker_table *t)
{
	for (size_t i = 0; i < t->max; i++)
		if (t->slots[i].pid == 0 && t->slots[i].io.fd < 0)
			return &t->slots[i];
	return NULL;
}

static int
make_group(struct worker *w, struct err *e)
{
	const struct guard *g = w->table->guard;
	char name[32];

	if (g->platform_fd < 0 || w->group_fd >= 0)
		return 0;
	snprintf(name, sizeof(name), "worker-%td", w - w->table->slots);
	w->group_fd = cgroup_make(g->platform_fd, name, e);
	return w->group_fd < 0 ? -1 : 0;
}

/* Takes two descriptors of our end of the socket: to read and to write. */
static int
set_up(struct worker *w, struct stream *s, int fd, int fd2, struct err *e)
{
	w->packet = malloc(WORKER_PACKET_MAX);
	if (!w->packet) {
		close(fd);
		close(fd2);
		return err_set(e, ERR_OVERLOADED, "out of memory");
	}
	w->io = (struct loop_io){.fd = fd, .ready = on_ready};
	w->abort.due = on_abort;
	w->len = w->at = 0;
	w->stream = s;
	sink_init(&w->in, w->table->loop, fd2, in_took);
	s->ops = &ops;
	s->owner = w;
	loop_watch(w->table->loop, &w->io, EPOLLIN);
	return 0;
}

int
worker_start(struct worker_table *t, struct stream *s, worker_job *job,
	     const void *record, struct err *e)
{
	auto_close int ours = -1, ours2 = -1, theirs = -1;
	struct worker *w = free_slot(t);
	int pair[2];

	if (!w)
		return err_set(e, ERR_OVERLOADED,
			       "%zu file operations are running", t->max);
	if (make_group(w, e) < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       0, pair) < 0)
		return err_errno(e, "socketpair");
	ours = pair[0];
	theirs = pair[1];
	ours2 = fcntl(ours, F_DUPFD_CLOEXEC, 3);
	if (ours2 < 0)
		return err_errno(e, "dup");
	if (set_up(w, s, steal_fd(&ours), steal_fd(&ours2), e) < 0)
		return -1;
	w->pid = fork();
	if (w->pid == 0)
		worker_io_run(theirs, w->group_fd, job, record);
	if (w->pid < 0) {
		w->pid = 0;
		s->ops = NULL;
		err_errno(e, "fork");
		finish(w);
		return -1;
	}
	return 0;
}

bool
worker_reaped(struct worker_table *t, pid_t pid)
{
	for (size_t i = 0; i < t->max; i++) {
		struct worker *w = &t->slots[i];

		if (w->pid != pid)
			continue;
		if (w->group_fd >= 0)
			cgroup_kill(w->group_fd);
		w->pid = 0;
		loop_disarm(t->loop, &w->abort);
		return true;
	}
	return false;
}
