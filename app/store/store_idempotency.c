#include "store/store_idempotency.h"

#include <assert.h>
#include <string.h>

#include "store/idem.h"
#include "store/tx.h"

struct claim_arg {
	const struct store_idem_claim *claim;
	struct store_idem out;
};

static int
claim(struct store *s, void *arg, struct err *e)
{
	struct claim_arg *a = arg;

	return idem_claim(s, a->claim, &a->out, e);
}

int
store_idem_claim(struct store *s, const struct store_idem_claim *c,
		 struct store_idem *out, struct err *e)
{
	struct claim_arg a = {.claim = c};

	assert(strlen(c->key) <= STORE_IDEM_KEY_MAX);
	if (tx_run(s, 0, claim, &a, e) < 0)
		return -1;
	*out = a.out;
	return 0;
}

struct finish_arg {
	const char *account, *key;
	int status;
	const struct err *problem;
};

static int
finish(struct store *s, void *arg, struct err *e)
{
	const struct finish_arg *a = arg;

	return stmt_run(s, STMT_idem_finish,
			CELLS(IDEM_OUTCOME(a->status, a->problem),
			      cell_text(a->account),
			      cell_blob(a->key, strlen(a->key))),
			NULL, e);
}

int
store_idem_finish(struct store *s, const char *account, const char *key,
		  int status, const struct err *problem, struct err *e)
{
	struct finish_arg a = {account, key, status, problem};

	return tx_run(s, 0, finish, &a, e);
}

static int
release(struct store *s, void *arg, struct err *e)
{
	const struct finish_arg *a = arg;

	return stmt_run(
		s, STMT_idem_release,
		CELLS(cell_text(a->account), cell_blob(a->key, strlen(a->key))),
		NULL, e);
}

int
store_idem_release(struct store *s, const char *account, const char *key,
		   struct err *e)
{
	struct finish_arg a = {.account = account, .key = key};

	return tx_run(s, 0, release, &a, e);
}

struct settle_arg {
	const char *resource;
	int status;
};

static int
settle(struct store *s, void *arg, struct err *e)
{
	const struct settle_arg *a = arg;
	const struct err *none = NULL;

	return stmt_run(
		s, STMT_idem_fail,
		CELLS(IDEM_OUTCOME(a->status, none), cell_text(a->resource)),
		NULL, e);
}

int
store_idem_settle(struct store *s, const char *resource, int status,
		  struct err *e)
{
	struct settle_arg a = {resource, status};

	return tx_run(s, 0, settle, &a, e);
}
