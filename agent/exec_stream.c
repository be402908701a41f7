#include "exec_stream.h"

#include <stdlib.h>

#include "agent.h"
#include "auto.h"
#include "err.h"

static void
send_end(struct exec_run *x)
{
	struct exec_end rec = {0};
	auto_json json_t *j = NULL;
	struct stream *s = x->stream;

	FIELD_SET(rec, exec, x->id);
	FIELD_SET(rec, exit_code, x->exit_code);
	FIELD_SET(rec, cause, x->cause);
	FIELD_SET(rec, started_us, x->started_us);
	FIELD_SET(rec, duration_us, x->duration_us);
	FIELD_SET(rec, stdout_bytes, (int64_t)x->out[0].bytes);
	FIELD_SET(rec, stderr_bytes, (int64_t)x->out[1].bytes);
	FIELD_SET(rec, dropped_bytes, (int64_t)x->skipped);
	j = field_write(&exec_end_fields, &rec);
	x->stream = NULL;
	stream_end(s, j);
}

/* Sends output as far as credit and link allow, and the end after it. */
static void
pump(struct exec_run *x)
{
	struct stream *s = x->stream;
	const uint8_t *p;
	uint64_t at;
	size_t room, n;
	bool is_err;

	if (!s || x->state == EXEC_STARTING)
		return;
	while (x->sent < x->output.total && (room = stream_room(s)) > 0) {
		at = x->sent;
		n = exec_output_at(&x->output, &at, room, &is_err, &p);
		x->skipped += at - x->sent;
		x->sent = at + n;
		if (n > 0)
			stream_data(s, is_err ? DATA_STDERR : DATA_STDOUT, p,
				    n);
	}
	if (x->state == EXEC_ENDED && x->sent == x->output.total)
		send_end(x);
}

void
exec_stream_progress(struct exec_run *x)
{
	pump(x);
	exec_pace(x);
}

static void
on_data(struct stream *s, uint8_t flags, const uint8_t *p, size_t n)
{
	struct exec_run *x = s->owner;

	sink_put(&x->in, p, n);
	if (flags & DATA_EOF)
		sink_eof(&x->in);
}

static void
on_resume(struct stream *s)
{
	exec_stream_progress(s->owner);
}

/* Standard input stays open: a false end could make a command act on half of
 * its input, and its timeout bounds it anyway. */
static void
on_gone(struct stream *s)
{
	struct exec_run *x = s->owner;

	x->stream = NULL;
	exec_pace(x);
}

static const struct stream_ops ops = {
	.data = on_data, .resume = on_resume, .gone = on_gone};

/* From the start of what is kept. */
static void
attach(struct exec_run *x, struct stream *s)
{
	if (x->stream)
		stream_reset(x->stream);
	x->stream = s;
	x->sent = x->skipped = 0;
	s->ops = &ops;
	s->owner = x;
	if (x->state == EXEC_STARTING)
		return;
	stream_reply(s, NULL);
	exec_stream_progress(x);
}

int
exec_stream_open(struct exec_table *t, struct stream *s, const struct exec *req,
		 struct err *e)
{
	struct exec_run *x = exec_start(t, req, e);

	if (!x)
		return -1;
	attach(x, s);
	return 0;
}

static struct exec_run *
find(struct exec_table *t, const char *id, struct err *e)
{
	struct exec_run *x = exec_find(t, id);

	if (x && x->watch)
		x = NULL;
	if (!x)
		err_set(e, ERR_EXEC_NOT_FOUND, "no command %s is kept", id);
	return x;
}

int
exec_stream_attach(struct exec_table *t, struct stream *s, const char *id,
		   struct err *e)
{
	struct exec_run *x = find(t, id, e);

	if (!x)
		return -1;
	attach(x, s);
	return 0;
}

int
exec_stream_ack(struct exec_table *t, struct stream *s, const char *id,
		struct err *e)
{
	struct exec_run *x = find(t, id, e);

	if (!x)
		return -1;
	if (x->state != EXEC_ENDED)
		return err_set(e, ERR_INVALID_REQUEST, "%s has not ended", id);
	if (x->stream)
		stream_reset(x->stream);
	exec_forget(x);
	stream_end(s, NULL);
	return 0;
}

static void
add_item(json_t *list, const struct exec_run *x)
{
	struct exec_item rec = {0};

	if (x->state == EXEC_STARTING || x->watch)
		return;
	FIELD_SET(rec, exec, x->id);
	FIELD_SET(rec, running, x->state != EXEC_ENDED);
	json_array_append_new(list, field_write(&exec_item_fields, &rec));
}

void
exec_stream_list(struct exec_table *t, struct stream *s)
{
	auto_json json_t *end = json_object();
	json_t *list = json_array();

	for (const struct exec_run *x = t->runs; x; x = x->next)
		add_item(list, x);
	json_object_set_new(end, "execs", list);
	stream_end(s, end);
}

void
exec_stream_started(struct exec_run *x)
{
	if (x->stream)
		stream_reply(x->stream, NULL);
}

void
exec_stream_failed(struct exec_run *x, const struct err *e)
{
	struct stream *s = x->stream;

	x->stream = NULL;
	if (s)
		stream_error(s, e);
}

void
exec_stream_took(struct exec_run *x, size_t stdin_bytes)
{
	if (x->stream)
		stream_took(x->stream, stdin_bytes);
}
