/*
 * One connection to a guest. A channel is asked for by the first stream that
 * needs it, and closed after CHANNEL_IDLE_MS without any. The descriptor comes
 * from the host of the channels (vmctl); HELLO goes out at once and waits in
 * the socket while the guest still boots. Streams asked for before the WELCOME
 * wait in `waiting`.
 *
 * A guest that was up before and does not answer in CHANNEL_RESYNC_MS may be
 * inside a frame that a dead connection cut: it is sent more zeros than any
 * frame may lack, then HELLO again.
 */
#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "channel_priv.h"
#include "err.h"
#include "field.h"
#include "text.h"
#include "timeutil.h"

#define FLUSH_MAX \
	((ev_ssize_t)256 * 1024) /* bytes an event: others have their turn */
#define BACKOFF_MS 100
#define HELLO "{\"version\":1,\"caps\":[]}"

static_assert(CHANNEL_VERSION == 1, "HELLO says version 1");

#define TO(name) (1u << CHANNEL_##name)

static const unsigned moves[CHANNEL_STATE_COUNT] = {
	[CHANNEL_closed] = TO(opening) | TO(pausing),
	[CHANNEL_opening] = TO(greeting) | TO(pausing) | TO(closed),
	[CHANNEL_pausing] = TO(opening) | TO(closed),
	[CHANNEL_greeting] = TO(up) | TO(closed),
	[CHANNEL_up] = TO(closed),
};

static_assert(CHANNEL_STATE_COUNT == 5, "a new state needs its moves");

static void
move(struct channel *ch, enum channel_state to)
{
	assert(moves[ch->state] & 1u << to);
	ch->state = to;
}

static void
set_timer(struct channel *ch, int64_t ms)
{
	const struct timeval tv = {
		.tv_sec = ms / 1000,
		.tv_usec = ms % 1000 * 1000,
	};

	evtimer_del(ch->timer);
	evtimer_add(ch->timer, &tv);
}

/* Closes the descriptor and forgets both directions. */
static void
disconnect(struct channel *ch)
{
	if (ch->fd < 0)
		return;
	event_free(ch->readable);
	event_free(ch->writable);
	ch->readable = ch->writable = NULL;
	evbuffer_free(ch->out);
	ch->out = NULL;
	frame_reader_fini(&ch->reader);
	close(ch->fd);
	ch->fd = -1;
	ch->late = 0;
	ch->last_id = 0;
}

/* Streams may open others on this channel while they fail: those are kept. */
static void
fail_streams(struct channel *ch, const struct err *e)
{
	struct stream_list *list = &ch->all->failing;
	struct stream *s;

	for (s = TAILQ_FIRST(&ch->waiting); s; s = TAILQ_NEXT(s, link))
		s->ch = NULL;
	TAILQ_CONCAT(list, &ch->waiting, link);
	ch->waiting_count = 0;
	for (size_t i = 0; i < CHANNEL_STREAMS_MAX; i++) {
		s = ch->slot[i];
		ch->slot[i] = NULL;
		if (!s)
			continue;
		s->ch = NULL;
		TAILQ_INSERT_TAIL(list, s, link);
	}
	ch->open_count = 0;
	while ((s = TAILQ_FIRST(list)))
		stream_fail(s, e);
}

void
channel_fail(struct channel *ch, const struct err *e)
{
	evtimer_del(ch->timer);
	disconnect(ch);
	/* A descriptor that is on its way serves who comes meanwhile. */
	if (ch->state != CHANNEL_closed && ch->state != CHANNEL_opening)
		move(ch, CHANNEL_closed);
	fail_streams(ch, e);
}

static void
lose(struct channel *ch, const char *why)
{
	struct err e;

	err_set(&e, ERR_GUEST_GONE, "the connection to the guest broke: %s",
		why);
	channel_fail(ch, &e);
}

static void
punish(struct channel *ch, const char *why)
{
	struct err e;

	err_set(&e, ERR_GUEST_MISBEHAVED,
		"the sandbox's agent broke the protocol: %s", why);
	if (ch->all->host->misbehaved)
		ch->all->host->misbehaved(ch->all->arg, ch->sandbox, why);
	ch->not_before_ms = time_mono_ms() + CHANNEL_PENALTY_MS;
	channel_fail(ch, &e);
}

void
channel_settle(struct channel *ch)
{
	if (ch->busy || ch->state != CHANNEL_closed || ch->waiting_count)
		return;
	/* The penalty of a guest that misbehaved must not be forgotten. */
	if (ch->not_before_ms > time_mono_ms()) {
		set_timer(ch, CHANNEL_PENALTY_MS);
		return;
	}
	channel_free(ch);
}

static void
greet(struct channel *ch)
{
	int64_t left = ch->greet_by_ms - time_mono_ms();
	struct buf *b = &ch->all->scratch;

	buf_reset(b);
	if (frame_add_hello(b, FRAME_HELLO, ch->reader.nonce, HELLO) < 0 ||
	    evbuffer_add(ch->out, b->data, b->len) < 0) {
		lose(ch, "no memory");
		return;
	}
	event_add(ch->writable, NULL);
	if (ch->known_up && left > CHANNEL_RESYNC_MS)
		left = CHANNEL_RESYNC_MS;
	set_timer(ch, left > 0 ? left : 1);
}

/* No frame can lack more bytes than these. */
static void
resync(struct channel *ch)
{
	static const uint8_t zeros[FRAME_HEADER + FRAME_PAYLOAD_MAX];

	if (evbuffer_add(ch->out, zeros, sizeof(zeros)) < 0) {
		lose(ch, "no memory");
		return;
	}
	greet(ch);
}

static void
greeting_timeout(struct channel *ch)
{
	struct err e;

	if (ch->held) {
		set_timer(ch, CHANNEL_RESYNC_MS);
		return;
	}
	if (time_mono_ms() < ch->greet_by_ms) {
		resync(ch);
		return;
	}
	err_set(&e, ERR_GUEST_TIMEOUT, "the guest did not answer in %d s",
		CHANNEL_GREET_MS / 1000);
	channel_fail(ch, &e);
}

/* Another try helps only when the host could not look. */
static bool
worth_a_try(const struct channel *ch, const struct err *e)
{
	return (e->code == ERR_VMCTL_UNAVAILABLE || e->code == ERR_INTERNAL) &&
	       ch->tries < CHANNEL_TRIES;
}

/* The host gave no descriptor; the caller settles the channel. */
static void
refused(struct channel *ch, const struct err *e)
{
	struct err final = *e;

	assert(ch->state == CHANNEL_opening);
	if (++ch->tries && ch->waiting_count && worth_a_try(ch, e)) {
		move(ch, CHANNEL_pausing);
		set_timer(ch, (int64_t)BACKOFF_MS << ch->tries);
		return;
	}
	if (!err_retryable(e->code))
		err_set(&final, ERR_GUEST_GONE, "the sandbox's VM is gone: %s",
			e->msg);
	move(ch, CHANNEL_closed);
	channel_fail(ch, &final);
}

void
channel_refused(struct channel *ch, const struct err *e)
{
	assert(!ch->busy);
	ch->busy = true;
	refused(ch, e);
	ch->busy = false;
	channel_settle(ch);
}

static void
ask(struct channel *ch)
{
	struct err e;

	move(ch, CHANNEL_opening);
	if (ch->all->host->open(ch->all->arg, ch, ch->sandbox, &e) < 0)
		refused(ch, &e);
}

static void
up_timeout(struct channel *ch)
{
	if (ch->open_count == 0)
		lose(ch, "it was idle");
	else
		set_timer(ch, CHANNEL_IDLE_MS);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct channel *ch = arg;

	(void)fd;
	(void)what;
	ch->busy = true;
	if (ch->state == CHANNEL_greeting)
		greeting_timeout(ch);
	else if (ch->state == CHANNEL_pausing)
		ask(ch);
	else if (ch->state == CHANNEL_up)
		up_timeout(ch);
	ch->busy = false;
	channel_settle(ch);
}

void
channel_want(struct channel *ch)
{
	int64_t wait = ch->not_before_ms - time_mono_ms();

	if (ch->state != CHANNEL_closed)
		return;
	ch->tries = 0;
	move(ch, CHANNEL_pausing);
	set_timer(ch, wait > 0 ? wait : 0);
}

static void
welcome(struct channel *ch, const struct frame *f)
{
	struct stream *s;
	struct welcome w;
	struct err e;
	json_t *json = json_parse((const char *)f->payload, f->len, 4, &e);
	int rc = json ? field_read(&welcome_fields, json, &w, &e) : -1;

	if (rc == 0 && w.version == CHANNEL_VERSION) {
		move(ch, CHANNEL_up);
		set_timer(ch, CHANNEL_IDLE_MS);
		ch->known_up = true;
		while ((s = TAILQ_FIRST(&ch->waiting)) && stream_start(s) == 0)
			;
		if (ch->all->host->up)
			ch->all->host->up(ch->all->arg, ch->sandbox, ch->boot,
					  w.claimed);
	} else {
		punish(ch, rc == 0 ? "version" : "welcome");
	}
	json_decref(json);
}

/* False when the connection is gone. */
static bool
take_frame(struct channel *ch, const struct frame *f)
{
	const char *why = "a second WELCOME";

	if (ch->state == CHANNEL_greeting && f->type == FRAME_WELCOME)
		welcome(ch, f);
	else if (f->type == FRAME_WELCOME || stream_frame(ch, f, &why) < 0)
		punish(ch, why);
	return ch->fd >= 0;
}

static void
take_frames(struct channel *ch)
{
	struct frame f;
	bool lost = false;

	while (frame_reader_next(&ch->reader, &f, &lost) > 0 && !lost)
		if (!take_frame(ch, &f))
			return;
	if (lost)
		punish(ch, "a malformed frame");
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct channel *ch = arg;
	uint8_t *p;
	size_t room;
	ssize_t n;

	(void)what;
	p = frame_reader_space(&ch->reader, &room);
	n = p ? read(fd, p, room) : -1;
	if (p && n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	ch->busy = true;
	if (n > 0) {
		frame_reader_filled(&ch->reader, (size_t)n);
		take_frames(ch);
	} else {
		lose(ch, n == 0 ? "it was closed" : "read failed");
	}
	ch->busy = false;
	channel_settle(ch);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct channel *ch = arg;
	int n = evbuffer_write_atmost(ch->out, fd, FLUSH_MAX);

	(void)what;
	ch->busy = true;
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		lose(ch, "write failed");
	} else {
		if (evbuffer_get_length(ch->out))
			event_add(ch->writable, NULL);
		if (evbuffer_get_length(ch->out) < CHANNEL_OUT_MAX / 2)
			stream_wake(ch);
	}
	ch->busy = false;
	channel_settle(ch);
}

static int
connect_events(struct channel *ch, int fd)
{
	struct event_base *base = ch->all->base;
	uint8_t nonce[FRAME_NONCE];

	random_bytes(nonce, sizeof(nonce));
	frame_reader_init(&ch->reader, FRAME_GATEWAY, nonce);
	ch->fd = fd;
	ch->out = evbuffer_new();
	ch->readable =
		event_new(base, fd, EV_READ | EV_PERSIST, on_readable, ch);
	ch->writable = event_new(base, fd, EV_WRITE, on_writable, ch);
	if (!ch->out || !ch->readable || !ch->writable)
		return -1;
	return event_add(ch->readable, NULL);
}

void
channel_opened(struct channel *ch, int fd)
{
	assert(ch->state == CHANNEL_opening && ch->fd < 0 && !ch->busy);
	ch->busy = true;
	if (ch->waiting_count == 0) { /* nobody needs it any more */
		close(fd);
		move(ch, CHANNEL_closed);
	} else if (evutil_make_socket_nonblocking(fd) < 0 ||
		   connect_events(ch, fd) < 0) {
		ch->fd = fd;
		lose(ch, "no memory");
		move(ch, CHANNEL_closed);
	} else {
		move(ch, CHANNEL_greeting);
		ch->greet_by_ms = time_mono_ms() + CHANNEL_GREET_MS;
		greet(ch);
	}
	ch->busy = false;
	channel_settle(ch);
}

size_t
channel_room(const struct channel *ch)
{
	size_t used = ch->out ? evbuffer_get_length(ch->out) : 0;

	return used < CHANNEL_OUT_MAX ? CHANNEL_OUT_MAX - used : 0;
}

/* Queues the frame in `b`. */
static int
queue(struct channel *ch, const struct buf *b)
{
	if (evbuffer_add(ch->out, b->data, b->len) < 0)
		return -1;
	event_add(ch->writable, NULL);
	return 0;
}

int
channel_send(struct channel *ch, uint32_t stream, uint8_t type, uint8_t flags,
	     const void *p, size_t n)
{
	struct buf *b = &ch->all->scratch;

	buf_reset(b);
	if (frame_add(b, stream, (enum frame_type)type, flags, p, n) < 0)
		return -1;
	return queue(ch, b);
}

int
channel_send_credit(struct channel *ch, uint32_t stream, uint32_t bytes)
{
	struct buf *b = &ch->all->scratch;

	buf_reset(b);
	return frame_add_credit(b, stream, bytes) < 0 ? -1 : queue(ch, b);
}

struct channel *
channel_new(struct channels *cs, const char *sandbox, int64_t boot)
{
	struct channel *ch = calloc(1, sizeof(*ch));

	if (!ch)
		return NULL;
	ch->all = cs;
	ch->boot = boot;
	ch->fd = -1;
	TAILQ_INIT(&ch->waiting);
	ch->timer = evtimer_new(cs->base, on_timer, ch);
	if (!ch->timer ||
	    text_copy(ch->sandbox, sizeof(ch->sandbox), sandbox)) {
		if (ch->timer)
			event_free(ch->timer);
		free(ch);
		return NULL;
	}
	table_add(&cs->table, &ch->entry, ch->sandbox);
	return ch;
}

void
channel_free(struct channel *ch)
{
	struct err e;

	table_remove(&ch->all->table, &ch->entry);
	err_set(&e, ERR_GATEWAY_UNAVAILABLE, "the gateway stops");
	disconnect(ch);
	fail_streams(ch, &e);
	event_free(ch->timer);
	free(ch);
}
