#include "sandbox_answer.h"

#include "call.h"
#include "model/sandbox.h"
#include "request.h"
#include "response.h"

json_t *
sandbox_answer_json(const struct call *c, const struct sandbox *s)
{
	json_t *o = sandbox_json(s);

	if (o && c->req->alias)
		sandbox_json_one_id(o);
	return o;
}

int
sandbox_answer(struct call *c, int status, const struct sandbox *s,
	       struct err *e)
{
	return response_json(c->resp, status, sandbox_answer_json(c, s), e);
}
