/* GET .../git/diff: the staged diff, the unstaged one, and the files. */
#include <stdlib.h>

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

#define DIFF_MAX ((size_t)4 * 1024 * 1024)
#define PARTS 2 /* staged, unstaged: each ended by DATA_EOF */

struct differ {
	struct http_exchange *x;
	struct stream *s;
	struct buf part[PARTS];
	size_t current;
};

static void
differ_free(struct differ *d)
{
	for (size_t i = 0; i < PARTS; i++)
		buf_fini(&d->part[i]);
	free(d);
}

static void
refuse(struct differ *d, const struct err *e)
{
	reply_problem(d->x, e);
	differ_free(d);
}

static void
misbehaved(struct differ *d)
{
	struct err e;

	err_set(&e, ERR_GUEST_MISBEHAVED,
		"the sandbox's agent gave a diff that makes no sense");
	refuse(d, &e);
}

static void
on_data(void *owner, uint8_t flags, const uint8_t *p, size_t n)
{
	struct differ *d = owner;

	if (d->current == PARTS || buf_add(&d->part[d->current], p, n) < 0) {
		stream_close(d->s);
		misbehaved(d);
		return;
	}
	if (flags & DATA_EOF)
		d->current++;
	stream_consumed(d->s, n);
}

/* NULL when an element is not a git_file. */
static json_t *
files_json(const json_t *items)
{
	auto_json json_t *files = json_array();
	struct git_file file;
	struct err e;

	for (size_t i = 0; i < json_array_size(items); i++)
		if (field_read(&git_file_fields, json_array_get(items, i),
			       &file, &e) < 0 ||
		    json_array_append_new(files, file_json_git(&file)) < 0)
			return NULL;
	return steal_ptr(&files);
}

static void
on_end(void *owner, const void *record)
{
	const struct git_diff_end *end = record;
	struct differ *d = owner;
	auto_json json_t *files = files_json(end->files);

	if (!files || d->current != PARTS) {
		misbehaved(d);
		return;
	}
	reply_json(d->x, 200,
		   file_json_diff(files, d->part[1].data, d->part[1].len,
				  d->part[0].data, d->part[0].len,
				  end->truncated));
	differ_free(d);
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
	struct differ *d = ctx;

	stream_close(d->s);
	differ_free(d);
}

static const struct http_events client_events = {.gone = client_gone};

static int
open_diff(struct gateway *gw, struct differ *d, struct err *e)
{
	static const char *const names[] = {"path", NULL};
	struct file_path record = {.has_path = true};
	const struct stream_request r = {
		.sandbox = d->x->grant.sandbox,
		.boot = d->x->grant.boot,
		.up = true,
		.kind = &kind_git_diff,
		.record = &record,
		.timeout_ms = FILE_TIMEOUT_MS,
		.events = &events,
		.owner = d,
	};
	auto_query struct query q = {0};
	auto_buf struct buf path = {0};

	if (file_query_read(d->x, names, "/workspace", &q, &path, e) < 0)
		return -1;
	record.path = buf_str(&path);
	d->s = stream_open(gw->channels, &r, e);
	return d->s ? 0 : -1;
}

void
git_diff_start(struct gateway *gw, struct http_exchange *x, const uint8_t *body,
	       size_t n)
{
	struct differ *d = calloc(1, sizeof(*d));
	struct err e;

	(void)body;
	(void)n;
	if (!d) {
		err_set(&e, ERR_INTERNAL, "no memory for a diff");
		reply_problem(x, &e);
		return;
	}
	d->x = x;
	for (size_t i = 0; i < PARTS; i++)
		buf_init(&d->part[i], DIFF_MAX);
	if (open_diff(gw, d, &e) < 0) {
		refuse(d, &e);
		return;
	}
	x->events = &client_events;
	x->ctx = d;
}
