#include "reply.h"

#include <stdio.h>
#include <string.h>

#include "auto.h"
#include "err.h"
#include "field.h"
#include "http.h"
#include "log.h"
#include "model/problem.h"

#define JSON_TYPE "application/json"

void
reply_json(struct http_exchange *x, int status, json_t *json)
{
	auto_json json_t *owned = json;
	auto_free char *text = owned ? json_text(owned) : NULL;
	struct err e;

	if (text) {
		http_send(x, status, JSON_TYPE, text, strlen(text));
		return;
	}
	err_set(&e, ERR_INTERNAL, "write the answer");
	reply_problem(x, &e);
}

void
reply_empty(struct http_exchange *x, int status)
{
	http_start(x, status, NULL, 0);
	http_finish(x);
}

static void
note(const struct http_exchange *x, const struct err *e, int status)
{
	char text[16];

	if (status < 500)
		return;
	snprintf(text, sizeof(text), "%d", status);
	log_error("request failed", "request", x->request_id, "sandbox",
		  x->grant.sandbox, "op", grant_op_name(x->grant.op), "status",
		  text, "code", err_name(e->code), "why", e->msg);
}

void
reply_problem_json(struct http_exchange *x, const struct err *e,
		   json_t *problem)
{
	auto_json json_t *owned = problem;
	auto_free char *text = owned ? json_text(owned) : NULL;
	int status = err_status(e->code);
	int wait = problem_retry_after(e);

	if (x->grant.op == GRANT_OP_refuse && x->grant.retry_after_s)
		wait = x->grant.retry_after_s;
	note(x, e, status);
	if (!text) {
		http_abort(x);
		return;
	}
	if (wait)
		http_header(x, "Retry-After", "%d", wait);
	if (e->code == ERR_UNAUTHENTICATED)
		http_header(x, "WWW-Authenticate", "%s", PROBLEM_CHALLENGE);
	http_send(x, status, PROBLEM_TYPE, text, strlen(text));
}

void
reply_problem(struct http_exchange *x, const struct err *e)
{
	bool known = x->grant.sandbox[0] != '\0';
	struct err shown = problem_public(e);

	reply_problem_json(x, e,
			   problem_json(&shown, x->request_id,
					known ? "sandbox" : NULL,
					known ? x->grant.sandbox : NULL));
}
