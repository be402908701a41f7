#include "dispatch.h"

#include <string.h>
#include <time.h>

#include "api.h"
#include "auth.h"
#include "call.h"
#include "err.h"
#include "idem_key.h"
#include "log.h"
#include "model/exec_json.h"
#include "model/problem.h"
#include "rate.h"
#include "request.h"
#include "response.h"

static int
check_rate(struct call *c, struct err *e)
{
	struct rate_answer a =
		rate_count(c->api->rate, c->who.account.id,
			   c->who.account.rate_per_minute, time(NULL));

	response_header_int(c->resp, "X-RateLimit-Limit", a.limit);
	response_header_int(c->resp, "X-RateLimit-Remaining", a.remaining);
	response_header_int(c->resp, "X-RateLimit-Reset", a.reset_at);
	if (!a.refused)
		return 0;
	c->retry_after_s = (int)(a.reset_at - time(NULL));
	if (c->retry_after_s < 1)
		c->retry_after_s = 1;
	return err_set(e, ERR_RATE_LIMITED, "over %lld requests a minute",
		       (long long)a.limit);
}

int
dispatch_admit(struct call *c, struct err *e)
{
	const struct route *r;

	if (router_find(c->req->method, c->req->path, &c->match, e))
		return -1;
	r = c->match.route;
	if (!(r->flags & ROUTE_PUBLIC)) {
		if (auth_call(c, e))
			return -1;
		response_header(c->resp, "X-Caged-Key-Id", c->who.key);
		if (check_rate(c, e) || auth_scope(c, e))
			return -1;
	}
	if (r->flags & ROUTE_ABSENT)
		return err_set(e, ERR_NOT_IMPLEMENTED,
			       "%s %s: this server cannot do that yet",
			       r->method, r->pattern);
	return idem_key_read(c, e);
}

static void
refuse(struct call *c, const struct err *e)
{
	const char *id = c->req->request_id;
	struct err shown = problem_public(e);
	json_t *problem =
		problem_json(&shown, id, c->subject_type, c->subject_id);
	int retry =
		c->retry_after_s ? c->retry_after_s : problem_retry_after(e);

	if (c->exec[0])
		problem = exec_json_as_result(problem, c->exec);
	response_problem(c->resp, e, problem, retry);
	if (e->code == ERR_METHOD_NOT_ALLOWED && c->match.allow[0])
		response_header(c->resp, "Allow", c->match.allow);
	if (e->code == ERR_UNAUTHENTICATED)
		response_header(c->resp, "WWW-Authenticate", PROBLEM_CHALLENGE);
	if (c->resp->status >= 500 && e->code != ERR_NOT_IMPLEMENTED)
		log_warn("refused", "request", id, "code", err_name(e->code),
			 "error", e->msg);
}

/* OPTIONS on a path that exists says which methods it takes. */
static int
answer_options(struct call *c)
{
	if (strcmp(c->req->method, "OPTIONS") != 0 || !c->match.allow[0])
		return -1;
	response_header(c->resp, "Allow", c->match.allow);
	response_empty(c->resp, 204);
	return 0;
}

static int
handle(struct call *c, struct err *e)
{
	const struct route *r = c->match.route;

	if (!(r->flags & ROUTE_NO_QUERY) && request_query(c->req, e))
		return -1;
	return r->handle(c, e);
}

void
dispatch(struct api *a, const struct request_source *source,
	 struct response *out)
{
	struct request req;
	struct call c = {.api = a, .req = &req, .resp = out};
	struct err e;

	if (request_init(&req, source, &e)) {
		refuse(&c, &e);
	} else if (dispatch_admit(&c, &e)) {
		if (answer_options(&c))
			refuse(&c, &e);
	} else if (handle(&c, &e)) {
		refuse(&c, &e);
	}
	request_fini(&req);
}
