#include "handlers.h"

#include "call.h"
#include "model/account_json.h"
#include "request.h"
#include "response.h"

int
h_account_get(struct call *c, struct err *e)
{
	static const char *const no_args[] = {NULL};
	const struct store_account *a = &c->who.account;
	const struct account_view v = {
		.id = a->id,
		.name = a->name,
		.plan = a->plan,
		.created_us = a->created_us,
		.max_sandboxes = a->max_sandboxes,
		.rate_per_minute = a->rate_per_minute,
	};

	if (query_allow(&c->req->query, no_args, e))
		return -1;
	return response_json(c->resp, 200, account_json(&v), e);
}
