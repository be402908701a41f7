#include "store/idem.h"

#include <string.h>

#include "store/tx.h"
#include "text.h"

struct idem_row {
	bool same_request, lease_over;
	char resource[ID_SIZE];
	int64_t status; /* 0: not finished */
	char code[65];
	struct err problem; /* msg and field only */
};

static const struct column columns[] = {
	COLUMN(idem_row, BOOL, same_request, NULL),
	COLUMN(idem_row, TEXT, resource, NULL),
	COLUMN(idem_row, INT, status, NULL),
	COLUMN(idem_row, TEXT, code, NULL),
	COLUMN(idem_row, TEXT, problem.msg, NULL),
	COLUMN(idem_row, TEXT, problem.field, NULL),
	COLUMN(idem_row, BOOL, lease_over, NULL),
};
static const struct record record = RECORD(columns);

static int
insert(struct store *s, const struct store_idem_claim *c, struct err *e)
{
	size_t n = strlen(c->key);

	if (stmt_run(s, STMT_idem_expire,
		     CELLS(cell_text(c->account), cell_blob(c->key, n)), NULL,
		     e) < 0)
		return -1;
	return stmt_run(s, STMT_idem_insert,
			CELLS(cell_text(c->account), cell_blob(c->key, n),
			      cell_blob(c->request_hash, 32),
			      cell_text(c->resource), cell_int(c->lease_s)),
			NULL, e);
}

static enum store_idem_outcome
decide(const struct store_idem_claim *c, const struct idem_row *row)
{
	if (!row->same_request)
		return STORE_IDEM_CONFLICT;
	if (row->status != 0)
		return STORE_IDEM_DONE;
	if (!strcmp(row->resource, c->resource))
		return STORE_IDEM_CLAIMED;
	return row->lease_over ? STORE_IDEM_CLAIMED : STORE_IDEM_RUNNING;
}

static int
take_over(struct store *s, const struct store_idem_claim *c, struct err *e)
{
	return stmt_run(s, STMT_idem_take,
			CELLS(cell_text(c->resource), cell_int(c->lease_s),
			      cell_text(c->account),
			      cell_blob(c->key, strlen(c->key))),
			NULL, e);
}

int
idem_claim(struct store *s, const struct store_idem_claim *c,
	   struct store_idem *out, struct err *e)
{
	struct idem_row row = {0};
	int n;

	if (insert(s, c, e) < 0)
		return -1;
	n = stmt_one(s, STMT_idem_get,
		     CELLS(cell_blob(c->request_hash, 32),
			   cell_text(c->account),
			   cell_blob(c->key, strlen(c->key))),
		     &record, &row, e);
	if (n < 0)
		return -1;
	if (n == 0) /* released or expired between the two statements */
		return err_set(e, ERR_IDEMPOTENCY_RUNNING,
			       "the first request has just ended");
	*out = (struct store_idem){.outcome = decide(c, &row),
				   .status = row.status};
	memcpy(out->resource, row.resource, sizeof(out->resource));
	if (row.code[0]) {
		out->problem = row.problem;
		out->problem.code = err_from_name(row.code);
	}
	if (out->outcome != STORE_IDEM_CLAIMED ||
	    !strcmp(row.resource, c->resource))
		return 0;
	text_copy(out->resource, sizeof(out->resource), c->resource);
	return take_over(s, c, e);
}
