#include "route.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "gateway.h"
#include "grants.h"
#include "handlers.h"
#include "http.h"
#include "model/req.h"
#include "reply.h"
#include "text.h"
#include "timeutil.h"

#define ROOT "/v1/sandboxes"

enum body_kind { BODY_ignored, BODY_json, BODY_streamed };

static const struct route_row {
	enum grant_op op;
	const char *method;
	const char *tail;
	enum body_kind body;
	handler *start;
} rows[] = {
#define ROUTE(op, method, tail, body, fn) \
	{GRANT_OP_##op, method, tail, BODY_##body, fn},
#include "routes.def"
#undef ROUTE
};

/* A JSON body on its way. */
struct collector {
	struct gateway *gw;
	struct http_exchange *x;
	const struct route_row *row;
	struct buf body;
};

static void
collector_free(struct collector *c)
{
	buf_fini(&c->body);
	free(c);
}

static void
collector_gone(void *ctx)
{
	collector_free(ctx);
}

static void
collector_body(void *ctx, const uint8_t *p, size_t n)
{
	struct collector *c = ctx;
	struct http_exchange *x = c->x;
	struct err e;

	if (buf_add(&c->body, p, n) == 0)
		return;
	collector_free(c);
	x->events = NULL;
	err_set(&e, ERR_BODY_TOO_LARGE, "the body is longer than %d bytes",
		REQ_BODY_MAX);
	reply_problem(x, &e);
}

static void
collector_end(void *ctx)
{
	struct collector *c = ctx;

	c->x->events = NULL;
	c->row->start(c->gw, c->x, c->body.data, c->body.len);
	collector_free(c);
}

static const struct http_events collector_events = {
	.body = collector_body,
	.end = collector_end,
	.gone = collector_gone,
};

static void
collect(struct gateway *gw, struct http_exchange *x,
	const struct route_row *row)
{
	struct collector *c = calloc(1, sizeof(*c));
	struct err e;

	if (!c) {
		err_set(&e, ERR_INTERNAL, "no memory for a request");
		reply_problem(x, &e);
		return;
	}
	c->gw = gw;
	c->x = x;
	c->row = row;
	buf_init(&c->body, REQ_BODY_MAX);
	x->events = &collector_events;
	x->ctx = c;
}

/* What the path must be for this grant. */
static bool
path_fits(const struct route_row *row, const struct grant *g, const char *path)
{
	char want[128];
	int n;

	if (row->op == GRANT_OP_create)
		return strcmp(path, ROOT) == 0;
	n = snprintf(want, sizeof(want), "%s/%s%s%s", ROOT, g->sandbox,
		     row->tail, row->op == GRANT_OP_exec_get ? g->exec : "");
	return n > 0 && n < (int)sizeof(want) && strcmp(path, want) == 0;
}

static const struct route_row *
find_row(const struct grant *g, const char *method, const char *path)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].op == g->op &&
		    strcmp(rows[i].method, method) == 0 &&
		    path_fits(&rows[i], g, path))
			return &rows[i];
	return NULL;
}

static void
set_request_id(struct http_exchange *x)
{
	const char *id = x->request->header[HTTP_request_id];
	size_t n = id ? strlen(id) : 0;

	text_copy(x->request_id, sizeof(x->request_id), "-");
	if (n < 8 || n > 64)
		return;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)id[i]) && !strchr("_.-", id[i]))
			return;
	text_copy(x->request_id, sizeof(x->request_id), id);
}

/* Reads the grant into x->grant and marks it as used. */
static int
authorise(struct gateway *gw, struct http_exchange *x, char *path,
	  struct err *e)
{
	const struct http_request *r = x->request;
	const char *token = r->header[HTTP_grant];
	char jti[33];

	if (!token)
		return err_set(e, ERR_UNAUTHENTICATED,
			       "the request has no grant");
	if (text_pct_decode(path, r->path, strlen(r->path), false) < 0)
		return err_set(e, ERR_INVALID_REQUEST, "malformed path");
	if (grant_verify(token, gw->grant_key, gw->host, r->method, path,
			 &x->grant, jti, e) < 0)
		return -1;
	return grants_use(gw->used, jti, time_mono_ms(), e);
}

static const struct route_row *
choose(struct gateway *gw, struct http_exchange *x, struct err *e)
{
	char path[HTTP_URL_MAX + 1];
	const struct route_row *row;

	if (authorise(gw, x, path, e) < 0)
		return NULL;
	if (x->grant.op == GRANT_OP_refuse) {
		*e = x->grant.refusal;
		return NULL;
	}
	row = find_row(&x->grant, x->request->method, path);
	if (!row)
		err_set(e, ERR_UNAUTHENTICATED,
			"the grant is for another operation");
	return row;
}

void
route_head(void *gateway, struct http_exchange *x)
{
	struct gateway *gw = gateway;
	const struct route_row *row;
	struct err e = {0};

	memset(&x->grant, 0, sizeof(x->grant));
	set_request_id(x);
	row = choose(gw, x, &e);
	if (x->grant.exec[0])
		http_header(x, "X-Exec-Id", "%s", x->grant.exec);
	if (!row)
		reply_problem(x, &e);
	else if (row->body == BODY_json)
		collect(gw, x, row);
	else
		row->start(gw, x, NULL, 0);
}
