#include "link.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"

/* DATA is queued below the first mark, frames are read below the second;
 * between it and the cap fits every answer to the frames read so far. */
#define DATA_MARK (256 * 1024)
#define READ_MARK (1024 * 1024)
#define OUT_CAP (2 * 1024 * 1024)
#define READS_A_TURN 16
#define COMPACT_AT (128 * 1024)

static size_t
queued(const struct link *k)
{
	return k->out.len - k->out_sent;
}

size_t
link_room(struct link *k)
{
	size_t n = queued(k);

	if (n >= DATA_MARK)
		k->starved = true;
	return k->greeted && n < DATA_MARK ? DATA_MARK - n : 0;
}

bool
link_has_space(struct link *k)
{
	bool space = queued(k) < READ_MARK;

	if (!space)
		k->starved = true;
	return space;
}

static void
watch(struct link *k)
{
	uint32_t events = EPOLLIN | EPOLLOUT | EPOLLET;

	if (k->attached) {
		events = link_has_space(k) ? EPOLLIN : 0;
		if (queued(k) > 0 || k->starved)
			events |= EPOLLOUT;
	}
	loop_watch(k->loop, &k->io, events);
}

static void
drop_out(struct link *k)
{
	buf_reset(&k->out);
	k->out_sent = 0;
	k->overrun = k->starved = false;
}

/* Writes until the port would block. */
static void
flush(struct link *k)
{
	while (queued(k) > 0) {
		ssize_t n =
			write(k->io.fd, k->out.data + k->out_sent, queued(k));

		if (n <= 0)
			break; /* a dead port shows in the next read */
		k->out_sent += (size_t)n;
	}
	if (queued(k) == 0) {
		buf_reset(&k->out);
		k->out_sent = 0;
	} else if (k->out_sent > COMPACT_AT) {
		buf_consume(&k->out, k->out_sent);
		k->out_sent = 0;
	}
}

/* The frames went wrong: what runs on this connection is void. */
static void
lose_streams(struct link *k)
{
	if (!k->greeted)
		return;
	k->greeted = false;
	drop_out(k);
	k->ops->lost(k);
}

static void
take_frames(struct link *k)
{
	struct frame f;
	bool lost = false;
	int got;

	while (link_has_space(k)) {
		got = frame_reader_next(&k->reader, &f, &lost);
		if (lost)
			lose_streams(k);
		lost = false;
		if (!got)
			break;
		if (f.type == FRAME_HELLO) {
			k->greeted = true;
			k->settled = false;
			k->was_closed = !k->open;
			loop_disarm(k->loop, &k->grace);
		}
		k->ops->frame(k, &f);
	}
}

/* What is left of the dead connection may hold the next one's HELLO. */
static void
lose(struct link *k)
{
	loop_disarm(k->loop, &k->grace);
	frame_reader_hunt(&k->reader);
	lose_streams(k);
	take_frames(k);
}

static void
on_grace(struct loop_timer *t)
{
	lose(container_of(t, struct link, grace));
}

static void
seems_open(struct link *k)
{
	k->attached = k->open = true;
	loop_disarm(k->loop, &k->grace);
	if (k->was_closed)
		k->settled = true;
}

static void
seems_closed(struct link *k)
{
	k->attached = k->open = false;
	k->was_closed = true;
	if (!k->greeted || k->settled)
		lose(k);
	else if (!k->grace.armed)
		loop_arm(k->loop, &k->grace, LINK_GRACE_MS);
}

/* One read, all its frames handled. False when there is nothing for now. */
static bool
fill(struct link *k)
{
	size_t room;
	uint8_t *p = frame_reader_space(&k->reader, &room);
	ssize_t n = p ? read(k->io.fd, p, room) : 0;

	if (n > 0) {
		k->attached = true;
		frame_reader_filled(&k->reader, (size_t)n);
		take_frames(k);
		return link_has_space(k);
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		seems_open(k);
	else
		seems_closed(k);
	return false;
}

/* After each turn: what the handlers queued goes out, and an overrun ends it.
 */
static void
settle(struct link *k)
{
	flush(k);
	if (k->overrun)
		lose_streams(k);
	if (k->starved && queued(k) < DATA_MARK) {
		k->starved = false;
		k->ops->room(k);
	}
	watch(k);
}

static void
on_ready(struct loop_io *io, uint32_t events)
{
	struct link *k = container_of(io, struct link, io);

	if (!(events & EPOLLHUP))
		seems_open(k);
	if (events & EPOLLOUT)
		settle(k);
	take_frames(k); /* those left when there was no space for answers */
	if (!link_has_space(k)) {
		if (events & EPOLLHUP)
			seems_closed(k); /* and nobody reads the answers */
	} else if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
		for (int i = 0; i < READS_A_TURN && fill(k); i++)
			;
	}
	settle(k);
}

void
link_init(struct link *k, struct loop *l, int fd, const struct link_ops *ops)
{
	*k = (struct link){.loop = l, .ops = ops};
	k->io = (struct loop_io){.fd = fd, .ready = on_ready};
	k->grace.due = on_grace;
	frame_reader_init(&k->reader, FRAME_AGENT, NULL);
	buf_init(&k->out, OUT_CAP);
	watch(k);
}

void
link_fini(struct link *k)
{
	loop_disarm(k->loop, &k->grace);
	loop_close(k->loop, &k->io);
	frame_reader_fini(&k->reader);
	buf_fini(&k->out);
}

static void
queue_done(struct link *k, int rc)
{
	if (rc < 0)
		k->overrun = true;
	if (queued(k) >= FRAME_PAYLOAD_MAX)
		flush(k);
	watch(k);
}

void
link_send(struct link *k, uint32_t stream, enum frame_type type, uint8_t flags,
	  const void *payload, size_t len)
{
	if (!k->greeted)
		return;
	queue_done(k, frame_add(&k->out, stream, type, flags, payload, len));
}

void
link_send_credit(struct link *k, uint32_t stream, uint32_t bytes)
{
	if (!k->greeted)
		return;
	queue_done(k, frame_add_credit(&k->out, stream, bytes));
}

void
link_welcome(struct link *k, const char *json)
{
	drop_out(k);
	queue_done(k, frame_add_hello(&k->out, FRAME_WELCOME, k->reader.nonce,
				      json));
}
