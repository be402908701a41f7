#include "store/store_sandbox_network.h"

#include <string.h>

#include "err.h"
#include "store/sandbox_row.h"
#include "store/tx.h"

static int
refuse(const struct sandbox *now, struct err *e)
{
	if (strcmp(sandbox_state_status(now->state), "destroyed") == 0)
		return err_set(e, ERR_SANDBOX_DESTROYED,
			       "sandbox %s is destroyed", now->id);
	if (now->state != SANDBOX_running)
		return err_set(
			e, ERR_SANDBOX_NOT_RUNNING,
			"sandbox %s is %s: its network cannot be changed",
			now->id, sandbox_state_status(now->state));
	return err_set(e, ERR_OVERLOADED,
		       "sandbox %s is being changed by another request",
		       now->id);
}

/* Nothing was written: for a reason, or because this ran before and only its
 * COMMIT was not answered. */
static int
look(struct store *s, const struct sandbox *wanted, struct err *e)
{
	struct sandbox now;
	int n = stmt_one(s, STMT_sandbox_get, CELLS(cell_text(wanted->id)),
			 &sandbox_record, &now, e);

	if (n < 0)
		return -1;
	if (n == 0 || strcmp(now.account, wanted->account) != 0)
		return err_set(e, ERR_SANDBOX_NOT_FOUND, "no sandbox %s",
			       wanted->id);
	if (now.state == SANDBOX_running && now.op_id == wanted->op_id + 1 &&
	    strcmp(now.network_mode, wanted->network_mode) == 0 &&
	    strcmp(now.allowlist, wanted->allowlist) == 0)
		return 0;
	return refuse(&now, e);
}

static int
set_network(struct store *s, void *arg, struct err *e)
{
	const struct sandbox *wanted = arg;
	int64_t n;

	if (stmt_run(s, STMT_sandbox_set_network,
		     CELLS(cell_text(wanted->network_mode),
			   cell_text(wanted->allowlist), cell_text(wanted->id),
			   cell_text(wanted->account), cell_int(wanted->op_id)),
		     &n, e) < 0)
		return -1;
	return n == 1 ? 0 : look(s, wanted, e);
}

int
store_sandbox_network(struct store *s, const struct sandbox *wanted,
		      int64_t *out_op_id, struct err *e)
{
	struct sandbox copy = *wanted;

	if (tx_run(s, 0, set_network, &copy, e) < 0)
		return -1;
	*out_op_id = wanted->op_id + 1;
	return 0;
}

struct ip_arg {
	const char *id, *ip;
};

static int
set_ip(struct store *s, void *arg, struct err *e)
{
	const struct ip_arg *a = arg;

	return stmt_run(s, STMT_sandbox_set_ip,
			CELLS(cell_text(a->ip), cell_text(a->id)), NULL, e);
}

int
store_sandbox_ip(struct store *s, const char *id, const char *ip, struct err *e)
{
	struct ip_arg a = {id, ip};

	return tx_run(s, 0, set_ip, &a, e);
}
