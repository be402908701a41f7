/*
 * PUT .../files and .../files/content. A raw body streams into the guest at
 * its pace; a JSON body is collected first. On the content route JSON with
 * ?path= is ours only when it is an object with `content`: anything else, or
 * anything longer than our JSON may be, is the file itself.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "auto.h"
#include "buf.h"
#include "channel.h"
#include "channels.h"
#include "err.h"
#include "file_query.h"
#include "gateway.h"
#include "handlers.h"
#include "http.h"
#include "model/file_json.h"
#include "model/req.h"
#include "model/req_file.h"
#include "reply.h"

#define CONTENT_TAIL "/content"
#define PENDING_MAX (REQ_BODY_MAX + CHANNEL_WINDOW)

enum form { FORM_raw, FORM_json, FORM_either };

struct writing {
	struct gateway *gw;
	struct http_exchange *x;
	struct stream *s;
	struct query query;
	struct buf path;    /* percent-encoded; empty: the JSON names it */
	struct buf pending; /* not sent yet; the JSON while it comes */
	enum form form;
	struct file_write record;
	bool open;  /* the guest was asked: bytes may be sent */
	bool whole; /* the client's last byte came */
	bool sent;  /* and went to the guest */
};

static void
writing_free(struct writing *w)
{
	query_fini(&w->query);
	buf_fini(&w->path);
	buf_fini(&w->pending);
	free(w);
}

static void
refuse(struct writing *w, const struct err *e)
{
	stream_close(w->s);
	w->x->events = NULL;
	reply_problem(w->x, e);
	writing_free(w);
}

/* Sends what waits, and the end after the last byte. */
static void
push(struct writing *w)
{
	size_t n;

	if (!w->open || w->sent)
		return;
	if (w->pending.len) {
		n = stream_send(w->s, w->pending.data, w->pending.len);
		buf_consume(&w->pending, n);
	}
	if (w->pending.len)
		return;
	if (!w->whole) {
		http_resume(w->x);
		return;
	}
	stream_send_eof(w->s);
	w->sent = true;
}

static void
on_writable(void *owner)
{
	struct writing *w = owner;

	w->open = true;
	push(w);
}

static void
on_end(void *owner, const void *record)
{
	struct writing *w = owner;
	struct err e;

	w->s = NULL;
	if (!w->sent) {
		err_set(&e, ERR_GUEST_MISBEHAVED,
			"the sandbox's agent ended the file too early");
		refuse(w, &e);
		return;
	}
	reply_json(w->x, 200, file_json_written(record));
	writing_free(w);
}

static void
on_fail(void *owner, const struct err *e, bool lost)
{
	struct writing *w = owner;

	(void)lost;
	w->s = NULL;
	refuse(w, e);
}

static const struct stream_events events = {
	.writable = on_writable,
	.end = on_end,
	.fail = on_fail,
};

static int
open_write(struct writing *w, struct err *e)
{
	const struct stream_request r = {
		.sandbox = w->x->grant.sandbox,
		.boot = w->x->grant.boot,
		.up = true,
		.kind = &kind_file_write,
		.record = &w->record,
		.timeout_ms = FILE_TIMEOUT_MS,
		.events = &events,
		.owner = w,
	};

	w->record.path = buf_str(&w->path);
	w->record.has_path = true;
	w->s = stream_open(w->gw->channels, &r, e);
	return w->s ? 0 : -1;
}

static int
set_mode(struct writing *w, const char *text, struct err *e)
{
	if (!text)
		return 0;
	w->record.has_mode = true;
	return req_file_mode("mode", text, &w->record.mode, e);
}

/* Our JSON: its content takes the place of its text in `pending`. */
static int
take_json(struct writing *w, json_t *json, struct err *e)
{
	struct req_file r;

	if (req_file_read(json, &r, e) < 0 || set_mode(w, r.mode, e) < 0)
		return -1;
	w->record.append = r.append;
	w->record.has_append = r.has_append;
	buf_reset(&w->path);
	if (req_file_path(&w->query, r.path, &w->path, e) < 0)
		return -1;
	buf_reset(&w->pending);
	return req_file_content(&r, &w->pending, e);
}

static int
finish_json(struct writing *w, struct err *e)
{
	auto_json json_t *json = req_parse(w->pending.data, w->pending.len, e);
	bool ours = w->form == FORM_json || json_object_get(json, "content");

	if (ours && (!json || take_json(w, json, e) < 0))
		return -1;
	w->form = FORM_raw;
	return open_write(w, e);
}

static void
client_end(void *ctx)
{
	struct writing *w = ctx;
	struct err e;

	w->whole = true;
	if (w->form == FORM_raw)
		push(w);
	else if (finish_json(w, &e) < 0)
		refuse(w, &e);
}

/* Too long for our JSON. */
static int
overflow(struct writing *w, struct err *e)
{
	if (w->form == FORM_json)
		return err_set(e, ERR_BODY_TOO_LARGE,
			       "the JSON is longer than %d bytes: send the raw "
			       "bytes with ?path=",
			       REQ_BODY_MAX);
	w->form = FORM_raw;
	return open_write(w, e);
}

static void
client_body(void *ctx, const uint8_t *p, size_t n)
{
	struct writing *w = ctx;
	struct err e;
	size_t took = 0;

	if (w->form != FORM_raw && w->pending.len + n > REQ_BODY_MAX &&
	    overflow(w, &e) < 0) {
		refuse(w, &e);
		return;
	}
	if (w->open && w->pending.len == 0)
		took = stream_send(w->s, p, n);
	if (took < n && buf_add(&w->pending, p + took, n - took) < 0) {
		err_set(&e, ERR_INTERNAL, "no memory for a file");
		refuse(w, &e);
		return;
	}
	if (w->form == FORM_raw && w->pending.len)
		http_pause(w->x);
}

static void
client_gone(void *ctx)
{
	struct writing *w = ctx;

	stream_close(w->s);
	writing_free(w);
}

static const struct http_events client_events = {
	.body = client_body,
	.end = client_end,
	.gone = client_gone,
};

static enum form
form_of(const struct writing *w, bool has_path)
{
	const char *type = w->x->request->header[HTTP_content_type];
	const char *path = w->x->request->path;
	size_t n = strlen(path), tail = strlen(CONTENT_TAIL);
	bool content = n > tail && strcmp(path + n - tail, CONTENT_TAIL) == 0;

	if (!content)
		return FORM_json;
	if (!type || strncasecmp(type, "application/json", 16) != 0)
		return FORM_raw;
	return has_path ? FORM_either : FORM_json;
}

static int
begin(struct writing *w, struct err *e)
{
	static const char *const names[] = {"path", "append", "mode", NULL};
	const char *mode = NULL;
	bool has_path;

	buf_init(&w->path, FILE_PATH_MAX);
	buf_init(&w->pending, PENDING_MAX);
	if (query_init(&w->query, w->x->request->query, e) < 0 ||
	    query_allow(&w->query, names, e) < 0 ||
	    query_bool(&w->query, "append", &w->record.append, e) < 0 ||
	    query_text(&w->query, "mode", 5, &mode, e) < 0 ||
	    set_mode(w, mode, e) < 0)
		return -1;
	w->record.has_append = true;
	has_path = query_find(&w->query, "path");
	w->form = form_of(w, has_path);
	if (w->form == FORM_json)
		return 0;
	if (req_file_path(&w->query, NULL, &w->path, e) < 0)
		return -1;
	return w->form == FORM_raw ? open_write(w, e) : 0;
}

void
file_write_start(struct gateway *gw, struct http_exchange *x,
		 const uint8_t *body, size_t n)
{
	struct writing *w = calloc(1, sizeof(*w));
	struct err e;

	(void)body;
	(void)n;
	if (!w) {
		err_set(&e, ERR_INTERNAL, "no memory for a file");
		reply_problem(x, &e);
		return;
	}
	w->gw = gw;
	w->x = x;
	if (begin(w, &e) < 0) {
		refuse(w, &e);
		return;
	}
	x->events = &client_events;
	x->ctx = w;
}
