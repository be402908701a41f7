/* GET .../files: a line of the guest becomes an element of the answer. */
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
#include "reply.h"

#define LINE_MAX_BYTES 16384
#define ANSWER_MAX ((size_t)16 * 1024 * 1024)
#define LIMIT 10000 /* entries, unless the query asks for fewer */
#define JSON_DEPTH 2

struct lister {
	struct http_exchange *x;
	struct stream *s;
	struct buf line; /* the last one, until it is whole */
	struct buf answer;
};

static void
lister_free(struct lister *l)
{
	buf_fini(&l->line);
	buf_fini(&l->answer);
	free(l);
}

static void
refuse(struct lister *l, const struct err *e)
{
	reply_problem(l->x, e);
	lister_free(l);
}

static void
finish(struct lister *l, bool truncated)
{
	struct http_exchange *x = l->x;

	if (truncated)
		http_header(x, "X-Caged-Truncated", "true");
	if (l->answer.len == 0)
		buf_addstr(&l->answer, "[");
	if (buf_addstr(&l->answer, "]") < 0)
		http_abort(x); /* the cap has room for it */
	else
		http_send(x, 200, "application/json", l->answer.data,
			  l->answer.len);
	lister_free(l);
}

/* 0; 1 when the answer is full; -1 for a line that makes no sense. */
static int
add_line(struct lister *l)
{
	auto_json json_t *json = NULL, *entry = NULL;
	auto_free char *text = NULL;
	struct file_item item;
	struct err e;

	json = json_parse(buf_str(&l->line), l->line.len, JSON_DEPTH, &e);
	if (json && field_read(&file_item_fields, json, &item, &e) == 0)
		entry = file_json_entry(&item);
	text = entry ? json_text(entry) : NULL;
	if (!text)
		return -1;
	if (l->answer.len + strlen(text) + 2 > ANSWER_MAX)
		return 1;
	buf_addstr(&l->answer, l->answer.len ? "," : "[");
	return buf_addstr(&l->answer, text);
}

/* As add_line, for all the lines of a piece. */
static int
add_lines(struct lister *l, const uint8_t *p, size_t n)
{
	const uint8_t *end;
	size_t part;
	int rc;

	while (n) {
		end = memchr(p, '\n', n);
		part = end ? (size_t)(end - p) : n;
		if (buf_add(&l->line, p, part) < 0)
			return -1;
		if (!end)
			return 0;
		rc = add_line(l);
		if (rc)
			return rc;
		buf_reset(&l->line);
		p += part + 1;
		n -= part + 1;
	}
	return 0;
}

static void
misbehaved(struct lister *l)
{
	struct err e;

	err_set(&e, ERR_GUEST_MISBEHAVED,
		"the sandbox's agent gave a list that makes no sense");
	refuse(l, &e);
}

static void
on_data(void *owner, uint8_t flags, const uint8_t *p, size_t n)
{
	struct lister *l = owner;
	int rc = add_lines(l, p, n);

	(void)flags;
	if (rc == 0) {
		stream_consumed(l->s, n);
		return;
	}
	stream_close(l->s);
	if (rc > 0)
		finish(l, true);
	else
		misbehaved(l);
}

static void
on_end(void *owner, const void *record)
{
	const struct file_list_end *end = record;
	struct lister *l = owner;

	if (l->line.len)
		misbehaved(l);
	else
		finish(l, end->truncated);
}

static void
on_fail(void *owner, const struct err *e, bool lost)
{
	(void)lost;
	refuse(owner, e);
}

static const struct stream_events events = {
	.data = on_data,
	.end = on_end,
	.fail = on_fail,
};

static void
client_gone(void *ctx)
{
	struct lister *l = ctx;

	stream_close(l->s);
	lister_free(l);
}

static const struct http_events client_events = {.gone = client_gone};

static int
open_list(struct gateway *gw, struct lister *l, struct err *e)
{
	static const char *const names[] = {"path", "recursive", "limit", NULL};
	struct file_list record = {.has_path = true,
				   .has_limit = true,
				   .limit = LIMIT,
				   .has_recursive = true};
	const struct stream_request r = {
		.sandbox = l->x->grant.sandbox,
		.boot = l->x->grant.boot,
		.up = true,
		.kind = &kind_file_list,
		.record = &record,
		.timeout_ms = FILE_TIMEOUT_MS,
		.events = &events,
		.owner = l,
	};
	auto_query struct query q = {0};
	auto_buf struct buf path = {0};

	if (file_query_read(l->x, names, "/workspace", &q, &path, e) < 0 ||
	    query_bool(&q, "recursive", &record.recursive, e) < 0 ||
	    query_int(&q, "limit", 1, LIMIT, &record.limit, e) < 0)
		return -1;
	record.path = buf_str(&path);
	l->s = stream_open(gw->channels, &r, e);
	return l->s ? 0 : -1;
}

void
file_list_start(struct gateway *gw, struct http_exchange *x,
		const uint8_t *body, size_t n)
{
	struct lister *l = calloc(1, sizeof(*l));
	struct err e;

	(void)body;
	(void)n;
	if (!l) {
		err_set(&e, ERR_INTERNAL, "no memory for a list");
		reply_problem(x, &e);
		return;
	}
	l->x = x;
	buf_init(&l->line, LINE_MAX_BYTES);
	buf_init(&l->answer, ANSWER_MAX);
	if (open_list(gw, l, &e) < 0) {
		refuse(l, &e);
		return;
	}
	x->events = &client_events;
	x->ctx = l;
}
