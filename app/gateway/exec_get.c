/* GET .../exec/{xid}: the commands that the database does not know yet. */
#include "err.h"
#include "exec.h"
#include "gateway.h"
#include "handlers.h"
#include "http.h"
#include "reply.h"

void
exec_get_start(struct gateway *gw, struct http_exchange *x, const uint8_t *body,
	       size_t n)
{
	struct exec_live *found = exec_find(gw, x->grant.exec);
	struct err e;

	(void)body;
	(void)n;
	if (found && exec_belongs(found, x->grant.sandbox)) {
		reply_json(x, 200, exec_json(found));
		return;
	}
	err_set(&e, ERR_EXEC_NOT_FOUND, "no command %s", x->grant.exec);
	reply_problem(x, &e);
}
