#include "handlers.h"

#include "call.h"
#include "dispatch.h"
#include "err.h"
#include "handover.h"
#include "model/sandbox.h"
#include "request.h"

static int
permit_upload(struct call *c, struct err *e)
{
	struct sandbox s;

	if (request_retarget(c->req, e) || dispatch_admit(c, e))
		return -1;
	if (c->match.route->handle != h_file)
		return err_set(e, ERR_NOT_FOUND,
			       "there is nothing to upload at this path");
	if (call_guest(c, &s, e))
		return -1;
	return handover_authorize(c, &s, c->match.route->op, e);
}

/*
 * The web server asks before it lets an upload's body pass, and makes a 500 of
 * any status but 2xx, 401 and 403. So the answer is 204, and a refusal travels
 * in the grant.
 */
int
h_authorize(struct call *c, struct err *e)
{
	struct err why;

	if (permit_upload(c, &why) == 0)
		return 0;
	return handover_refuse(c, &why, e);
}
