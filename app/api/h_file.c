#include "handlers.h"

#include <string.h>

#include "call.h"
#include "err.h"
#include "handover.h"
#include "model/sandbox.h"
#include "request.h"

/* The gateway reads query and body, with the parsers of app/model. */
int
h_file(struct call *c, struct err *e)
{
	struct sandbox s;

	if (call_guest(c, &s, e))
		return -1;
	if (strcmp(c->req->method, "POST") == 0 &&
	    request_check_type(c->req, e))
		return -1;
	/* A folder may be made twice; nobody keeps what a move came to. */
	if (c->idem_key && c->match.route->op == GRANT_OP_file_move)
		return err_set(e, ERR_NOT_IMPLEMENTED,
			       "Idempotency-Key: not on this route yet");
	return handover_to_gateway(c, &s, c->match.route->op, NULL, e);
}
