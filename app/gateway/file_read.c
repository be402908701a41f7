/*
 * GET .../files/content. Raw bytes stream at the client's pace: the guest gets
 * credit for what nginx took. As JSON the whole file is collected first.
 */
#include <stdlib.h>
#include <string.h>

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
#include "range.h"
#include "reply.h"
#include "text.h"

#define JSON_MAX ((size_t)10 * 1024 * 1024)
#define SNIFF_MAX 4096 /* bytes that decide whether it is text */

struct reading {
	struct gateway *gw;
	struct http_exchange *x;
	struct stream *s;
	struct buf path;
	struct range range;
	bool as_json;
	bool stat_only; /* asks for the size that a 416 must name */
	bool unchanged; /* 304 */
	int64_t size, mtime_us;
	int64_t offset, length; /* of what will come */
	struct buf whole;	/* as JSON */
	size_t owed;		/* bytes without credit: the client is slow */
};

static const struct stream_events events;

static void
reading_free(struct reading *r)
{
	buf_fini(&r->path);
	buf_fini(&r->whole);
	free(r);
}

static void
refuse(struct reading *r, const struct err *e)
{
	if (r->x->status)
		http_abort(r->x); /* the head is out: a cut body says it */
	else
		reply_problem(r->x, e);
	reading_free(r);
}

static void
misbehaved(struct reading *r)
{
	struct err e;

	err_set(&e, ERR_GUEST_MISBEHAVED,
		"the sandbox's agent did not give the bytes it announced");
	refuse(r, &e);
}

static int
open_read(struct reading *r, struct err *e)
{
	struct file_read record = {
		.path = buf_str(&r->path),
		.has_path = true,
		.offset = r->range.offset,
		.has_offset = r->range.offset > 0,
		.length = r->range.length,
		.has_length = r->range.length > 0,
		.suffix = r->range.suffix,
		.has_suffix = r->range.suffix > 0,
		.stat_only = true,
		.has_stat_only = r->stat_only,
	};
	const struct stream_request req = {
		.sandbox = r->x->grant.sandbox,
		.boot = r->x->grant.boot,
		.up = true,
		.kind = &kind_file_read,
		.record = &record,
		.timeout_ms = FILE_TIMEOUT_MS,
		.events = &events,
		.owner = r,
	};

	r->s = stream_open(r->gw->channels, &req, e);
	return r->s ? 0 : -1;
}

/* A 416 says how long the file is (RFC 9110, 15.5.17). */
static void
refuse_range(struct reading *r)
{
	struct err e;

	err_set(&e, ERR_RANGE_NOT_SATISFIABLE,
		"the file has %lld bytes, none of them in the range",
		(long long)r->size);
	http_header(r->x, "Content-Range", "bytes */%lld", (long long)r->size);
	refuse(r, &e);
}

static void
ask_size(struct reading *r)
{
	struct err e;

	r->stat_only = true;
	r->range = (struct range){0};
	if (open_read(r, &e) < 0)
		refuse(r, &e);
}

/* A character may be cut at either end of the piece. */
static bool
is_text(const uint8_t *p, size_t n)
{
	size_t front = 0, cut;

	if (n > SNIFF_MAX)
		n = SNIFF_MAX;
	while (front < 3 && front < n && (p[front] & 0xc0) == 0x80)
		front++;
	for (cut = 0; cut < 4 && cut <= n - front; cut++)
		if (text_is_utf8(p + front, n - front - cut))
			return true;
	return false;
}

static void
set_validators(struct reading *r)
{
	char etag[RANGE_ETAG_SIZE];

	range_etag(etag, r->mtime_us, r->size);
	http_header(r->x, "ETag", "%s", etag);
	http_header(r->x, "Accept-Ranges", "bytes");
}

static void
start_answer(struct reading *r, const uint8_t *p, size_t n)
{
	bool text = n == 0 || is_text(p, n);
	const char *type =
		text ? "text/plain; charset=utf-8" : "application/octet-stream";

	set_validators(r);
	if (r->range.set)
		http_header(r->x, "Content-Range", "bytes %lld-%lld/%lld",
			    (long long)r->offset,
			    (long long)(r->offset + r->length - 1),
			    (long long)r->size);
	http_start(r->x, r->range.set ? 206 : 200, type, r->length);
}

static void
on_reply(void *owner, const void *record)
{
	const struct file_item *item = record;
	struct reading *r = owner;
	char etag[RANGE_ETAG_SIZE];

	r->size = item->size;
	r->mtime_us = item->mtime_us;
	buf_reset(&r->path); /* shown as the guest resolved it */
	buf_addstr(&r->path, item->path);
	range_etag(etag, item->mtime_us, item->size);
	r->unchanged = !r->as_json && !r->stat_only &&
		       range_etag_matches(
			       r->x->request->header[HTTP_if_none_match], etag);
	if (r->unchanged) {
		stream_close(r->s);
		set_validators(r);
		reply_empty(r->x, 304);
		reading_free(r);
		return;
	}
	if (!range_place(&r->range, r->size, &r->offset, &r->length))
		r->length = 0; /* the guest should have said so: END decides */
}

static void
collect(struct reading *r, const uint8_t *p, size_t n)
{
	struct err e;

	if (buf_add(&r->whole, p, n) == 0) {
		stream_consumed(r->s, n);
		return;
	}
	stream_close(r->s);
	err_set(&e, ERR_BODY_TOO_LARGE,
		"the file is larger than %zu bytes: ask for its raw bytes",
		JSON_MAX);
	refuse(r, &e);
}

static void
on_data(void *owner, uint8_t flags, const uint8_t *p, size_t n)
{
	struct reading *r = owner;
	int64_t left = r->x->status ? r->x->left : r->length;

	(void)flags;
	if (r->as_json) {
		collect(r, p, n);
		return;
	}
	if (r->stat_only || (uint64_t)left < n) {
		stream_close(r->s);
		misbehaved(r);
		return;
	}
	if (n == 0)
		return;
	if (!r->x->status)
		start_answer(r, p, n);
	http_data(r->x, p, n);
	if (http_pending(r->x) > HTTP_PENDING_MAX)
		r->owed += n;
	else
		stream_consumed(r->s, n);
}

static void
finish_json(struct reading *r)
{
	const struct file_item item = {
		.path = buf_str(&r->path),
		.size = (int64_t)r->whole.len,
	};

	reply_json(r->x, 200,
		   file_json_content(&item, r->whole.data, r->whole.len));
	reading_free(r);
}

static void
on_end(void *owner, const void *record)
{
	struct reading *r = owner;

	(void)record;
	r->s = NULL;
	if (r->stat_only) {
		refuse_range(r);
		return;
	}
	if (r->as_json) {
		finish_json(r);
		return;
	}
	if (!r->x->status && r->length == 0 && !r->range.set)
		start_answer(r, NULL, 0);
	if (!r->x->status || r->x->left) {
		misbehaved(r); /* the file became shorter while it was read */
		return;
	}
	http_finish(r->x);
	reading_free(r);
}

static void
on_fail(void *owner, const struct err *e, bool lost)
{
	struct reading *r = owner;

	(void)lost;
	r->s = NULL;
	if (e->code == ERR_RANGE_NOT_SATISFIABLE && !r->stat_only)
		ask_size(r);
	else
		refuse(r, e);
}

static const struct stream_events events = {
	.reply = on_reply,
	.data = on_data,
	.end = on_end,
	.fail = on_fail,
};

static void
client_took(void *ctx)
{
	struct reading *r = ctx;
	size_t owed = r->owed;

	r->owed = 0;
	if (r->s && owed)
		stream_consumed(r->s, owed);
}

static void
client_gone(void *ctx)
{
	struct reading *r = ctx;

	stream_close(r->s);
	reading_free(r);
}

static const struct http_events client_events = {
	.drained = client_took,
	.gone = client_gone,
};

static int
begin(struct reading *r, struct err *e)
{
	static const char *const names[] = {"path", NULL};
	const char *accept = r->x->request->header[HTTP_accept];
	auto_query struct query q = {0};

	if (file_query_read(r->x, names, NULL, &q, &r->path, e) < 0)
		return -1;
	r->as_json = accept && strstr(accept, "application/json");
	if (!r->as_json)
		range_parse(r->x->request->header[HTTP_range], &r->range);
	if (r->range.empty) {
		r->stat_only = true;
		r->range = (struct range){0};
	}
	return open_read(r, e);
}

void
file_read_start(struct gateway *gw, struct http_exchange *x,
		const uint8_t *body, size_t n)
{
	struct reading *r = calloc(1, sizeof(*r));
	struct err e;

	(void)body;
	(void)n;
	if (!r) {
		err_set(&e, ERR_INTERNAL, "no memory for a file");
		reply_problem(x, &e);
		return;
	}
	r->gw = gw;
	r->x = x;
	buf_init(&r->whole, JSON_MAX);
	if (begin(r, &e) < 0) {
		refuse(r, &e);
		return;
	}
	x->events = &client_events;
	x->ctx = r;
}
