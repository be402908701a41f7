/* DELETE .../files, POST .../files/mkdir and move: one record there and back.
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
#include "model/req.h"
#include "model/req_file.h"
#include "reply.h"

/* Goes on when its client leaves. */
struct edit {
	struct http_exchange *x; /* NULL: nobody waits */
};

static void
on_deleted(void *owner, const void *record)
{
	struct edit *ed = owner;

	(void)record;
	if (ed->x)
		reply_empty(ed->x, 204);
	free(ed);
}

static void
on_written(void *owner, const void *record)
{
	struct edit *ed = owner;

	if (ed->x)
		reply_json(ed->x, 200, file_json_written(record));
	free(ed);
}

static void
on_fail(void *owner, const struct err *e, bool lost)
{
	struct edit *ed = owner;

	(void)lost;
	if (ed->x)
		reply_problem(ed->x, e);
	free(ed);
}

static const struct stream_events delete_events = {
	.end = on_deleted,
	.fail = on_fail,
};
static const struct stream_events write_events = {
	.end = on_written,
	.fail = on_fail,
};

static void
client_gone(void *ctx)
{
	struct edit *ed = ctx;

	ed->x = NULL;
}

static const struct http_events client_events = {.gone = client_gone};

static int
begin(struct gateway *gw, struct http_exchange *x,
      const struct stream_kind *kind, const void *record, struct err *e)
{
	struct edit *ed = calloc(1, sizeof(*ed));
	const struct stream_request r = {
		.sandbox = x->grant.sandbox,
		.boot = x->grant.boot,
		.up = true,
		.kind = kind,
		.record = record,
		.timeout_ms = FILE_TIMEOUT_MS,
		.events = kind == &kind_file_delete ? &delete_events
						    : &write_events,
		.owner = ed,
	};

	if (!ed)
		return err_set(e, ERR_INTERNAL, "no memory for a request");
	ed->x = x;
	if (!stream_open(gw->channels, &r, e)) {
		free(ed);
		return -1;
	}
	x->events = &client_events;
	x->ctx = ed;
	return 0;
}

/* A path of a JSON body as the channel wants it. */
static int
encode(const char *path, struct buf *out, struct err *e)
{
	static const struct query none;

	buf_init(out, FILE_PATH_MAX);
	return req_file_path(&none, path, out, e);
}

void
file_edit_delete(struct gateway *gw, struct http_exchange *x,
		 const uint8_t *body, size_t n)
{
	static const char *const names[] = {"path", NULL};
	struct file_path record = {.has_path = true};
	auto_query struct query q = {0};
	auto_buf struct buf path = {0};
	struct err e;
	int rc = file_query_read(x, names, NULL, &q, &path, &e);

	(void)body;
	(void)n;
	record.path = buf_str(&path);
	if (rc < 0 || begin(gw, x, &kind_file_delete, &record, &e) < 0)
		reply_problem(x, &e);
}

static int
mkdir_begin(struct gateway *gw, struct http_exchange *x, const uint8_t *body,
	    size_t n, struct err *e)
{
	auto_json json_t *json = req_parse(body, n, e);
	struct file_mkdir record = {.has_path = true};
	auto_buf struct buf path = {0};
	struct req_mkdir r;

	if (!json || req_mkdir_read(json, &r, e) < 0 ||
	    encode(r.path, &path, e) < 0)
		return -1;
	record.path = buf_str(&path);
	record.has_mode = r.has_mode;
	if (r.mode && req_file_mode("mode", r.mode, &record.mode, e) < 0)
		return -1;
	return begin(gw, x, &kind_file_mkdir, &record, e);
}

void
file_edit_mkdir(struct gateway *gw, struct http_exchange *x,
		const uint8_t *body, size_t n)
{
	struct err e;

	if (mkdir_begin(gw, x, body, n, &e) < 0)
		reply_problem(x, &e);
}

static int
move_begin(struct gateway *gw, struct http_exchange *x, const uint8_t *body,
	   size_t n, struct err *e)
{
	auto_json json_t *json = req_parse(body, n, e);
	struct file_move record = {
		.has_from = true, .has_to = true, .has_overwrite = true};
	auto_buf struct buf from = {0};
	auto_buf struct buf to = {0};
	struct req_move r;

	if (!json || req_move_read(json, &r, e) < 0 ||
	    encode(r.from, &from, e) < 0 || encode(r.to, &to, e) < 0)
		return -1;
	record.from = buf_str(&from);
	record.to = buf_str(&to);
	record.overwrite = r.overwrite;
	return begin(gw, x, &kind_file_move, &record, e);
}

void
file_edit_move(struct gateway *gw, struct http_exchange *x, const uint8_t *body,
	       size_t n)
{
	struct err e;

	if (move_begin(gw, x, body, n, &e) < 0)
		reply_problem(x, &e);
}
