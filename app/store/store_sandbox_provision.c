#include "store/store_sandbox_provision.h"

#include <assert.h>

#include "store/tx.h"

struct renew_arg {
	const struct store_renew *list;
	size_t n;
	const char *owner;
	int64_t lease_s;
};

static int
renew(struct store *s, void *arg, struct err *e)
{
	struct renew_arg *a = arg;

	for (size_t i = 0; i < a->n; i++) {
		if (stmt_run(s, STMT_sandbox_renew,
			     CELLS(cell_text(a->owner), cell_int(a->lease_s),
				   cell_text(a->list[i].sandbox),
				   cell_int(a->list[i].op_id)),
			     NULL, e) < 0)
			return -1;
	}
	return 0;
}

int
store_sandbox_renew(struct store *s, const struct store_renew *list, size_t n,
		    const char *owner, int64_t lease_s, struct err *e)
{
	struct renew_arg a = {list, n, owner, lease_s};

	assert(n <= STORE_RENEW_BATCH);
	return tx_run(s, 0, renew, &a, e);
}

struct provision_arg {
	const char *sandbox, *steps;
	int64_t op_id;
};

static int
provision(struct store *s, void *arg, struct err *e)
{
	struct provision_arg *a = arg;

	return stmt_run(s, STMT_sandbox_provision,
			CELLS(cell_text(a->steps), cell_text(a->sandbox),
			      cell_int(a->op_id)),
			NULL, e);
}

int
store_sandbox_provision(struct store *s, const char *sandbox, int64_t op_id,
			const char *steps, struct err *e)
{
	struct provision_arg a = {sandbox, steps, op_id};

	return tx_run(s, 0, provision, &a, e);
}
