#include "stream.h"

#include <assert.h>
#include <string.h>

#include "agent.h"
#include "auto.h"
#include "err.h"
#include "link.h"

/* Credit is given back in lumps, so that it costs few frames. */
#define GRANT_AT (CHANNEL_WINDOW / 4)

void
stream_table_init(struct stream_table *t, struct link *k)
{
	*t = (struct stream_table){.link = k};
}

static void
release(struct stream *s)
{
	*s = (struct stream){0};
}

static void
lose(struct stream *s)
{
	const struct stream_ops *ops = s->ops;

	if (ops)
		ops->gone(s);
	release(s);
}

void
stream_table_reset(struct stream_table *t)
{
	for (size_t i = 0; i < CHANNEL_STREAMS_MAX; i++)
		if (t->slots[i].id)
			lose(&t->slots[i]);
	t->last_id = 0;
}

void
stream_table_resume(struct stream_table *t)
{
	size_t first = t->first++ % CHANNEL_STREAMS_MAX;

	for (size_t i = 0; i < CHANNEL_STREAMS_MAX; i++) {
		struct stream *s = &t->slots[(first + i) % CHANNEL_STREAMS_MAX];

		if (s->id && s->ops)
			s->ops->resume(s);
	}
}

struct stream *
stream_table_find(struct stream_table *t, uint32_t id)
{
	for (size_t i = 0; id && i < CHANNEL_STREAMS_MAX; i++)
		if (t->slots[i].id == id)
			return &t->slots[i];
	return NULL;
}

struct stream *
stream_table_open(struct stream_table *t, uint32_t id, struct err *e)
{
	if (id <= t->last_id) {
		err_set(e, ERR_INVALID_REQUEST,
			"stream %u was opened before stream %u", t->last_id,
			id);
		return NULL;
	}
	t->last_id = id;
	for (size_t i = 0; i < CHANNEL_STREAMS_MAX; i++) {
		struct stream *s = &t->slots[i];

		if (s->id)
			continue;
		*s = (struct stream){.id = id,
				     .link = t->link,
				     .send_credit = CHANNEL_WINDOW,
				     .recv_credit = CHANNEL_WINDOW};
		return s;
	}
	err_set(e, ERR_OVERLOADED, "%d streams are open", CHANNEL_STREAMS_MAX);
	return NULL;
}

void
stream_on_data(struct stream *s, const struct frame *f)
{
	if (!s->ops || f->len > s->recv_credit) {
		link_send(s->link, s->id, FRAME_RESET, 0, NULL, 0);
		lose(s);
		return;
	}
	s->recv_credit -= f->len;
	s->ops->data(s, f->flags, f->payload, f->len);
}

void
stream_on_credit(struct stream *s, const struct frame *f)
{
	uint32_t n;

	if (frame_credit(f, &n) < 0 || n > UINT32_MAX - s->send_credit) {
		link_send(s->link, s->id, FRAME_RESET, 0, NULL, 0);
		lose(s);
		return;
	}
	s->send_credit += n;
	if (s->ops)
		s->ops->resume(s);
}

void
stream_on_reset(struct stream *s)
{
	lose(s);
}

size_t
stream_room(struct stream *s)
{
	size_t room = link_room(s->link);

	if (room > s->send_credit)
		room = s->send_credit;
	return room < FRAME_PAYLOAD_MAX ? room : FRAME_PAYLOAD_MAX;
}

void
stream_data(struct stream *s, uint8_t flags, const void *p, size_t n)
{
	assert(n <= s->send_credit && n <= FRAME_PAYLOAD_MAX);
	s->send_credit -= (uint32_t)n;
	link_send(s->link, s->id, FRAME_DATA, flags, p, n);
}

void
stream_took(struct stream *s, size_t n)
{
	s->recv_owed += (uint32_t)n;
	if (s->recv_owed < GRANT_AT)
		return;
	s->recv_credit += s->recv_owed;
	link_send_credit(s->link, s->id, s->recv_owed);
	s->recv_owed = 0;
}

/* A record that cannot be written is a bug of ours; the gateway hears {}. */
static void
send_record(struct stream *s, enum frame_type type, json_t *record)
{
	auto_free char *text = record ? json_text(record) : NULL;
	const char *json = text ? text : "{}";

	if (strlen(json) > FRAME_PAYLOAD_MAX)
		json = "{}";
	link_send(s->link, s->id, type, 0, json, strlen(json));
}

void
stream_reply(struct stream *s, json_t *record)
{
	send_record(s, FRAME_REPLY, record);
}

void
stream_end(struct stream *s, json_t *record)
{
	send_record(s, FRAME_END, record);
	release(s);
}

void
stream_error(struct stream *s, const struct err *e)
{
	struct stream_error rec = {0};
	auto_json json_t *j = NULL;

	FIELD_SET(rec, code, err_name(e->code));
	FIELD_SET(rec, message, e->msg);
	j = field_write(&stream_error_fields, &rec);
	send_record(s, FRAME_ERROR, j);
	release(s);
}

void
stream_reset(struct stream *s)
{
	link_send(s->link, s->id, FRAME_RESET, 0, NULL, 0);
	release(s);
}

void
stream_close(struct stream *s, enum frame_type type, const void *payload,
	     size_t n)
{
	link_send(s->link, s->id, type, 0, payload, n);
	release(s);
}
