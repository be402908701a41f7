#include "handover.h"

#include <string.h>

#include "api.h"
#include "call.h"
#include "model/problem.h"
#include "model/sandbox.h"
#include "request.h"
#include "response.h"
#include "text.h"

/* A refusal's words must fit a header beside everything else. */
#define REFUSAL_MSG_MAX 200

static const char *
location_of(enum grant_op op)
{
	switch (op) {
	case GRANT_OP_create:
		return "@gw_create";
	case GRANT_OP_exec:
		return "@gw_exec";
	default:
		return "@gw";
	}
}

static void
fill(const struct call *c, enum grant_op op, struct grant *g)
{
	*g = (struct grant){.op = op, .json_alias = c->req->alias};
	text_copy(g->host, sizeof(g->host), c->api->host);
	text_copy(g->account, sizeof(g->account), c->who.account.id);
	text_copy(g->key, sizeof(g->key), c->who.key);
	text_copy(g->request_id, sizeof(g->request_id), c->req->request_id);
	text_copy(g->method, sizeof(g->method), c->req->method);
	text_copy(g->path, sizeof(g->path), c->req->path);
}

static int
add_grant(struct call *c, const struct grant *g, struct err *e)
{
	char token[GRANT_TEXT_MAX];

	if (grant_sign(g, c->api->grant_key, token, e))
		return -1;
	response_header(c->resp, GRANT_HEADER, token);
	return 0;
}

static int
permit(struct call *c, const struct sandbox *s, enum grant_op op,
       const char *exec, const char *idem, struct err *e)
{
	struct grant g;

	fill(c, op, &g);
	g.boot = s->boot;
	text_copy(g.sandbox, sizeof(g.sandbox), s->id);
	text_copy(g.exec, sizeof(g.exec), exec ? exec : "");
	text_copy(g.idem, sizeof(g.idem), idem);
	return add_grant(c, &g, e);
}

int
handover_to_gateway(struct call *c, const struct sandbox *s, enum grant_op op,
		    const char *exec, struct err *e)
{
	if (permit(c, s, op, exec, "", e))
		return -1;
	response_header(c->resp, HANDOVER_HEADER, location_of(op));
	response_empty(c->resp, 200);
	return 0;
}

int
handover_settling(struct call *c, const struct sandbox *s, enum grant_op op,
		  const char *idem, struct err *e)
{
	if (permit(c, s, op, NULL, idem, e))
		return -1;
	response_header(c->resp, HANDOVER_HEADER, location_of(op));
	response_empty(c->resp, 200);
	return 0;
}

int
handover_authorize(struct call *c, const struct sandbox *s, enum grant_op op,
		   struct err *e)
{
	if (permit(c, s, op, NULL, "", e))
		return -1;
	response_empty(c->resp, 204);
	return 0;
}

int
handover_refuse(struct call *c, const struct err *why, struct err *e)
{
	struct grant g;

	fill(c, GRANT_OP_refuse, &g);
	g.refusal = problem_public(why);
	if (strlen(g.refusal.msg) > REFUSAL_MSG_MAX)
		text_copy(g.refusal.msg, sizeof(g.refusal.msg),
			  err_title(err_status(why->code)));
	g.retry_after_s =
		c->retry_after_s ? c->retry_after_s : problem_retry_after(why);
	if (add_grant(c, &g, e))
		return -1;
	response_empty(c->resp, 204);
	return 0;
}
