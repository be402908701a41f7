#include "loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "err.h"

int
loop_init(struct loop *l, void *arg, struct err *e)
{
	l->arg = arg;
	l->sources = 0;
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	return l->epoll_fd < 0 ? err_errno(e, "epoll_create1") : 0;
}

void
loop_fini(struct loop *l)
{
	close(l->epoll_fd);
	l->epoll_fd = -1;
}

int
loop_add(struct loop *l, struct loop_src *src, struct err *e)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = src};

	if (epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, src->fd, &ev) < 0)
		return err_errno(e, "epoll_ctl");
	l->sources++;
	return 0;
}

void
loop_close(struct loop *l, struct loop_src *src)
{
	if (src->fd < 0)
		return;
	/* A job may hold a copy of the descriptor: closing is not enough. */
	if (epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, src->fd, NULL) == 0)
		l->sources--;
	close(src->fd);
	src->fd = -1;
}

int
loop_turn(struct loop *l, int timeout_ms, struct err *e)
{
	struct epoll_event ev;
	struct loop_src *src;
	int n = epoll_wait(l->epoll_fd, &ev, 1, timeout_ms);

	if (n < 0 && errno != EINTR)
		return err_errno(e, "epoll_wait");
	if (n <= 0)
		return 0;
	src = ev.data.ptr;
	src->fn(src, ev.events, l->arg);
	return 0;
}
