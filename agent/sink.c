#include "sink.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent.h"
#include "channel.h"

static void
throw_away(struct sink *s)
{
	size_t n = s->held.len;

	loop_close(s->loop, &s->io);
	buf_reset(&s->held);
	if (n)
		s->took(s, n);
}

/* SHUT_WR, since a worker tells the end of its input from our going away. */
static void
finish(struct sink *s)
{
	if (s->io.fd < 0)
		return;
	shutdown(s->io.fd, SHUT_WR);
	loop_close(s->loop, &s->io);
}

static void
drain(struct sink *s)
{
	while (s->held.len > 0) {
		size_t n =
			s->held.len < SINK_PACKET ? s->held.len : SINK_PACKET;
		ssize_t put = write(s->io.fd, s->held.data, n);

		if (put < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (put <= 0) {
			throw_away(s);
			return;
		}
		buf_consume(&s->held, (size_t)put);
		s->took(s, (size_t)put);
	}
	if (s->held.len == 0 && s->eof)
		finish(s);
	else
		loop_watch(s->loop, &s->io, s->held.len > 0 ? EPOLLOUT : 0);
}

static void
on_ready(struct loop_io *io, uint32_t events)
{
	(void)events;
	drain(container_of(io, struct sink, io));
}

void
sink_init(struct sink *s, struct loop *l, int fd,
	  void (*took)(struct sink *s, size_t n))
{
	*s = (struct sink){.loop = l, .took = took};
	s->io = (struct loop_io){.fd = fd, .ready = on_ready};
	buf_init(&s->held, CHANNEL_WINDOW);
}

void
sink_fini(struct sink *s)
{
	loop_close(s->loop, &s->io);
	buf_fini(&s->held);
}

void
sink_put(struct sink *s, const uint8_t *p, size_t n)
{
	if (n == 0)
		return;
	if (s->io.fd < 0 || s->eof || buf_add(&s->held, p, n) < 0) {
		s->took(s, n);
		return;
	}
	drain(s);
}

void
sink_eof(struct sink *s)
{
	s->eof = true;
	if (s->io.fd >= 0)
		drain(s);
}
