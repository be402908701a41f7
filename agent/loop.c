#include "loop.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include "err.h"
#include "timeutil.h"

int
loop_init(struct loop *l, struct err *e)
{
	*l = (struct loop){.epoll_fd = epoll_create1(EPOLL_CLOEXEC)};
	if (l->epoll_fd < 0)
		return err_errno(e, "epoll_create1");
	return 0;
}

void
loop_fini(struct loop *l)
{
	close(l->epoll_fd);
	l->epoll_fd = -1;
}

/* Events of this batch that were not handled yet must not reach a dead io. */
static void
forget_pending(struct loop *l, const struct loop_io *io)
{
	for (int i = l->batch_at; i < l->batch_len; i++)
		if (l->batch[i].data.ptr == io)
			l->batch[i].data.ptr = NULL;
}

void
loop_watch(struct loop *l, struct loop_io *io, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.ptr = io};
	int op = EPOLL_CTL_MOD, rc;

	if (events == io->events)
		return;
	if (io->events == 0)
		op = EPOLL_CTL_ADD;
	else if (events == 0)
		op = EPOLL_CTL_DEL;
	if (op == EPOLL_CTL_DEL)
		forget_pending(l, io);
	rc = epoll_ctl(l->epoll_fd, op, io->fd, &ev);
	assert(rc == 0); /* descriptors are ours and guard.c keeps memory */
	(void)rc;
	io->events = events;
}

void
loop_close(struct loop *l, struct loop_io *io)
{
	if (io->fd < 0)
		return;
	loop_watch(l, io, 0);
	close(io->fd);
	io->fd = -1;
}

void
loop_arm(struct loop *l, struct loop_timer *t, int64_t delay_ms)
{
	t->at_ms = time_mono_ms() + delay_ms;
	if (t->armed)
		return;
	t->armed = true;
	t->next = l->timers;
	l->timers = t;
}

void
loop_disarm(struct loop *l, struct loop_timer *t)
{
	struct loop_timer **at = &l->timers;

	if (!t->armed)
		return;
	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	t->armed = false;
}

static struct loop_timer *
first_timer(const struct loop *l)
{
	struct loop_timer *first = l->timers;

	for (struct loop_timer *t = l->timers; t; t = t->next)
		if (t->at_ms < first->at_ms)
			first = t;
	return first;
}

static int
wait_ms(const struct loop *l, int64_t max_ms)
{
	const struct loop_timer *t = first_timer(l);
	int64_t wait = max_ms < 0 ? INT32_MAX : max_ms;

	if (t) {
		int64_t left = t->at_ms - time_mono_ms();

		if (left < wait)
			wait = left < 0 ? 0 : left;
	} else if (max_ms < 0) {
		return -1;
	}
	return (int)(wait > INT32_MAX ? INT32_MAX : wait);
}

/* Timers that were due when this began; each may arm or disarm others. */
static void
run_timers(struct loop *l)
{
	int64_t now = time_mono_ms();
	struct loop_timer *t;

	while ((t = first_timer(l)) != NULL && t->at_ms <= now) {
		loop_disarm(l, t);
		t->due(t);
	}
}

int
loop_turn(struct loop *l, int64_t max_ms, struct err *e)
{
	int n = epoll_wait(l->epoll_fd, l->batch, LOOP_BATCH,
			   wait_ms(l, max_ms));

	if (n < 0 && errno != EINTR)
		return err_errno(e, "epoll_wait");
	l->batch_len = n < 0 ? 0 : n;
	for (l->batch_at = 0; l->batch_at < l->batch_len;) {
		struct epoll_event *ev = &l->batch[l->batch_at++];
		struct loop_io *io = ev->data.ptr;

		if (io)
			io->ready(io, ev->events);
	}
	l->batch_len = 0;
	run_timers(l);
	return 0;
}
