/*
 * One operation in a guest. What the guest may say on a stream, in order:
 * REPLY once (where the kind has one), DATA within its credit and with the
 * kind's flags, CREDIT within reason, then END or ERROR, or RESET at any time.
 * Anything else breaks the protocol.
 *
 * A frame for a stream that the guest closed itself is a violation. One for a
 * stream that we reset may have been on its way: up to what the guest could
 * then have sent it is ignored (channel.late).
 */
#include <assert.h>
#include <event2/event.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "channel_priv.h"
#include "err.h"
#include "timeutil.h"

#define JSON_DEPTH 4
#define LATE_CONTROL (4 * FRAME_PAYLOAD_MAX) /* REPLY, CREDITs and END */
#define TX_CREDIT_MAX (16 * 1024 * 1024)
#define RECORD_MAX 256

static void
release(struct stream *s)
{
	if (s->timer)
		event_free(s->timer);
	json_decref(s->open);
	free(s);
}

static struct stream **
slot_of(struct channel *ch, uint32_t id)
{
	return &ch->slot[id % CHANNEL_STREAMS_MAX];
}

/* Takes the stream out of its channel. */
static void
detach(struct stream *s)
{
	struct channel *ch = s->ch;

	if (!ch) {
		TAILQ_REMOVE(&s->all->failing, s, link);
	} else if (!s->id) {
		TAILQ_REMOVE(&ch->waiting, s, link);
		ch->waiting_count--;
	} else {
		*slot_of(ch, s->id) = NULL;
		ch->open_count--;
	}
}

void
stream_close(struct stream *s)
{
	struct channel *ch = s ? s->ch : NULL;

	if (!s)
		return;
	if (ch && s->id) {
		ch->late += s->rx_credit + LATE_CONTROL;
		channel_send(ch, s->id, FRAME_RESET, 0, NULL, 0);
	}
	detach(s);
	release(s);
}

void
stream_fail(struct stream *s, const struct err *e)
{
	const struct stream_events *events = s->events;
	void *owner = s->owner;
	bool lost = s->id && !s->ch && e->code == ERR_GUEST_GONE;

	detach(s);
	release(s);
	events->fail(owner, e, lost);
}

/* The guest has nothing to do while it may send nothing, or while it waits
 * for bytes that we did not send. */
static bool
guest_has_turn(const struct stream *s)
{
	bool upload = s->kind == &kind_file_write;

	return s->id && s->rx_credit > 0 &&
	       (!upload || s->tx_eof || s->tx_credit == 0);
}

static void
arm(struct stream *s, int64_t ms)
{
	const struct timeval tv = {
		.tv_sec = ms / 1000,
		.tv_usec = ms % 1000 * 1000,
	};

	evtimer_add(s->timer, &tv);
}

static void
on_timeout(evutil_socket_t fd, short what, void *arg)
{
	struct stream *s = arg;
	int64_t left = s->since_ms + s->timeout_ms - time_mono_ms();
	struct channel *ch = s->ch;
	uint32_t id = s->id;
	struct err e;

	(void)fd;
	(void)what;
	if ((s->id && !guest_has_turn(s)) || (ch && ch->held))
		left = s->timeout_ms;
	if (left > 0) {
		arm(s, left);
		return;
	}
	if (ch && id) {
		ch->late += s->rx_credit + LATE_CONTROL;
		channel_send(ch, id, FRAME_RESET, 0, NULL, 0);
	}
	err_set(&e, ERR_GUEST_TIMEOUT, "the guest did not answer in %lld s",
		(long long)(s->timeout_ms / 1000));
	stream_fail(s, &e);
}

static json_t *
open_json(const struct stream_request *r, struct err *e)
{
	json_t *json = r->record ? field_write(r->kind->open, r->record)
				 : json_object();

	if (json &&
	    json_object_set_new(json, "op", json_string(r->kind->op)) == 0)
		return json;
	json_decref(json);
	err_set(e, ERR_INTERNAL, "write the operation for the guest");
	return NULL;
}

static int
check_room(const struct channel *ch, size_t open_len, struct err *e)
{
	if (open_len > FRAME_PAYLOAD_MAX)
		return err_set(e, ERR_INVALID_REQUEST,
			       "the request is too long for the guest: %zu of "
			       "at most %d bytes",
			       open_len, FRAME_PAYLOAD_MAX);
	if (ch->waiting_count + ch->open_count >= CHANNEL_STREAMS_MAX)
		return err_set(e, ERR_OVERLOADED,
			       "the sandbox has %d operations in progress",
			       CHANNEL_STREAMS_MAX);
	if ((ch->state == CHANNEL_up && channel_room(ch) == 0) ||
	    ch->last_id > UINT32_MAX - 2 * CHANNEL_STREAMS_MAX)
		return err_set(e, ERR_OVERLOADED,
			       "the sandbox does not read what it is sent");
	return 0;
}

static struct stream *
stream_new(struct channel *ch, const struct stream_request *r, json_t *open)
{
	struct stream *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	*s = (struct stream){
		.all = ch->all,
		.ch = ch,
		.kind = r->kind,
		.events = r->events,
		.owner = r->owner,
		.open = open,
		.rx_credit = CHANNEL_WINDOW,
		.whole = r->whole,
		.timeout_ms = r->timeout_ms,
		.since_ms = time_mono_ms(),
	};
	s->timer = evtimer_new(ch->all->base, on_timeout, s);
	if (!s->timer) {
		free(s);
		return NULL;
	}
	arm(s, s->timeout_ms);
	return s;
}

struct stream *
stream_open(struct channels *cs, const struct stream_request *r, struct err *e)
{
	struct channel *ch = channels_get(cs, r->sandbox, r->boot, e);
	json_t *open = ch ? open_json(r, e) : NULL;
	struct stream *s = NULL;

	if (open &&
	    check_room(ch, json_dumpb(open, NULL, 0, JSON_COMPACT), e) == 0) {
		s = stream_new(ch, r, open);
		if (!s)
			err_set(e, ERR_INTERNAL, "no memory for a stream");
	}
	if (!s) {
		json_decref(open);
		if (ch)
			channel_settle(ch);
		return NULL;
	}
	ch->known_up |= r->up;
	TAILQ_INSERT_TAIL(&ch->waiting, s, link);
	ch->waiting_count++;
	if (ch->state == CHANNEL_up)
		stream_start(s);
	else
		channel_want(ch);
	return s;
}

/* The stream may have waited for its guest to boot. */
static int
send_open(struct stream *s, uint32_t id)
{
	const char *stamp = s->kind->stamp;
	char *text;
	int rc;

	if (stamp && json_object_set_new(s->open, stamp,
					 json_integer(time_unix_us())) < 0)
		return -1;
	text = json_text(s->open);
	if (!text)
		return -1;
	rc = channel_send(s->ch, id, FRAME_OPEN, 0, text, strlen(text));
	explicit_bzero(text, strlen(text));
	free(text);
	return rc;
}

int
stream_start(struct stream *s)
{
	struct channel *ch = s->ch;
	uint32_t id = ch->last_id + 1;

	while (*slot_of(ch, id))
		id++;
	if (send_open(s, id) < 0)
		return -1;
	json_decref(s->open);
	s->open = NULL;
	detach(s);
	s->id = ch->last_id = id;
	*slot_of(ch, id) = s;
	ch->open_count++;
	s->tx_credit = CHANNEL_WINDOW;
	s->since_ms = time_mono_ms();
	if (s->events->writable)
		s->blocked = true; /* stream_wake tells the owner */
	return 0;
}

size_t
stream_send(struct stream *s, const void *p, size_t n)
{
	const uint8_t *at = p;
	size_t sent = 0, part;

	assert(!s->tx_eof);
	while (sent < n && s->tx_credit && s->ch && channel_room(s->ch)) {
		part = n - sent;
		if (part > FRAME_PAYLOAD_MAX)
			part = FRAME_PAYLOAD_MAX;
		if (part > s->tx_credit)
			part = s->tx_credit;
		if (channel_send(s->ch, s->id, FRAME_DATA, 0, at + sent, part) <
		    0)
			break;
		s->tx_credit -= (uint32_t)part;
		sent += part;
	}
	s->blocked = sent < n;
	s->since_ms = s->whole ? s->since_ms : time_mono_ms();
	return sent;
}

void
stream_send_eof(struct stream *s)
{
	assert(s->id && !s->tx_eof);
	s->tx_eof = true;
	s->since_ms = s->whole ? s->since_ms : time_mono_ms();
	if (s->ch)
		channel_send(s->ch, s->id, FRAME_DATA, DATA_EOF, NULL, 0);
}

void
stream_consumed(struct stream *s, size_t n)
{
	s->rx_owed += (uint32_t)n;
	if (!s->ch || s->rx_owed < CHANNEL_WINDOW / 4 ||
	    channel_send_credit(s->ch, s->id, s->rx_owed) < 0)
		return;
	if (s->rx_credit == 0)
		s->since_ms = s->whole ? s->since_ms : time_mono_ms();
	s->rx_credit += s->rx_owed;
	s->rx_owed = 0;
}

/* Streams that could not send are asked again, each as long as there is room.
 */
void
stream_wake(struct channel *ch)
{
	struct stream *s;

	for (size_t i = 0; i < CHANNEL_STREAMS_MAX && ch->fd >= 0; i++) {
		s = ch->slot[i];
		if (!s || !s->blocked || !s->tx_credit || !channel_room(ch))
			continue;
		s->blocked = false;
		s->events->writable(s->owner);
	}
}

/* Reads the payload by `table` into `record`; the JSON must outlive it. */
static json_t *
read_record(const struct field_table *table, const struct frame *f,
	    void *record)
{
	struct err e;
	json_t *json =
		json_parse((const char *)f->payload, f->len, JSON_DEPTH, &e);

	assert(table->size <= RECORD_MAX);
	if (json && field_read(table, json, record, &e) < 0) {
		json_decref(json);
		return NULL;
	}
	return json;
}

static int
take_reply(struct stream *s, const struct frame *f, const char **why)
{
	alignas(max_align_t) uint8_t record[RECORD_MAX];
	auto_json json_t *json = NULL;

	*why = "an unexpected REPLY";
	if (s->replied || !s->kind->reply)
		return -1;
	*why = "a malformed REPLY";
	json = read_record(s->kind->reply, f, record);
	if (!json)
		return -1;
	s->replied = true;
	if (s->events->reply)
		s->events->reply(s->owner, record);
	return 0;
}

static int
take_data(struct stream *s, const struct frame *f, const char **why)
{
	*why = "unexpected DATA";
	if (!s->events->data || (f->flags & ~s->kind->data_flags) ||
	    (s->kind->reply && !s->replied))
		return -1;
	*why = "DATA beyond its credit";
	if (f->len > s->rx_credit)
		return -1;
	s->rx_credit -= f->len;
	s->events->data(s->owner, f->flags, f->payload, f->len);
	return 0;
}

static int
take_credit(struct stream *s, const struct frame *f, const char **why)
{
	uint32_t n;

	*why = "a malformed CREDIT";
	if (frame_credit(f, &n) < 0 || n > TX_CREDIT_MAX - s->tx_credit)
		return -1;
	s->tx_credit += n;
	if (s->blocked && s->events->writable && channel_room(s->ch)) {
		s->blocked = false;
		s->events->writable(s->owner);
	}
	return 0;
}

static int
take_end(struct stream *s, const struct frame *f, const char **why)
{
	alignas(max_align_t) uint8_t record[RECORD_MAX];
	auto_json json_t *json = NULL;
	const struct stream_events *events = s->events;
	void *owner = s->owner;

	*why = "END before REPLY";
	if (s->kind->reply && s->kind != &kind_file_write && !s->replied)
		return -1;
	*why = "a malformed END";
	json = read_record(s->kind->end, f, record);
	if (!json)
		return -1;
	detach(s);
	release(s);
	events->end(owner, record);
	return 0;
}

static int
take_error(struct stream *s, const struct frame *f, const char **why)
{
	struct stream_error record;
	auto_json json_t *json = NULL;
	enum err_code code;
	struct err e;

	*why = "a malformed ERROR";
	json = read_record(&stream_error_fields, f, &record);
	if (!json)
		return -1;
	code = err_from_guest(record.code);
	if (code == ERR_GUEST_MISBEHAVED)
		err_set(&e, code,
			"the sandbox's agent gave an error that it "
			"may not give");
	else
		err_set(&e, code, "%s", record.message);
	stream_fail(s, &e);
	return 0;
}

static int
take_reset(struct stream *s, const struct frame *f, const char **why)
{
	struct err e;

	*why = "a RESET that is not empty";
	if (f->len)
		return -1;
	err_set(&e, ERR_GUEST_MISBEHAVED, "the sandbox's agent gave up");
	stream_fail(s, &e);
	return 0;
}

static int (*const takers[])(struct stream *s, const struct frame *f,
			     const char **why) = {
	[FRAME_REPLY] = take_reply,   [FRAME_DATA] = take_data,
	[FRAME_CREDIT] = take_credit, [FRAME_END] = take_end,
	[FRAME_ERROR] = take_error,   [FRAME_RESET] = take_reset,
};

int
stream_frame(struct channel *ch, const struct frame *f, const char **why)
{
	struct stream *s = *slot_of(ch, f->stream);

	*why = "a frame of an unknown type";
	if (f->type >= sizeof(takers) / sizeof(takers[0]) || !takers[f->type])
		return -1;
	if (s && s->id == f->stream) {
		s->since_ms = s->whole ? s->since_ms : time_mono_ms();
		return takers[f->type](s, f, why);
	}
	*why = "a frame of a stream that is not open";
	if (f->stream > ch->last_id || f->len + FRAME_HEADER > ch->late)
		return -1;
	ch->late -= f->len + FRAME_HEADER;
	return 0;
}
