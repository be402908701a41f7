#include "store/store_run.h"

#include <assert.h>

#include "store/count.h"
#include "store/tx.h"

struct seen_arg {
	const struct store_run_ref *refs;
	size_t n;
};

struct run_bytes {
	int64_t sent, received;
};

/* vmctl counts from the boot on, a run from its own start. */
static int
see(struct store *s, const struct store_run_ref *ref, struct err *e)
{
	static const struct column columns[] = {
		COLUMN(run_bytes, INT, sent, NULL),
		COLUMN(run_bytes, INT, received, NULL),
	};
	static const struct record record = RECORD(columns);
	struct run_bytes before;

	if (stmt_one(s, STMT_run_bytes,
		     CELLS(cell_text(ref->sandbox), cell_int(ref->boot)),
		     &record, &before, e) < 0)
		return -1;
	return stmt_run(s, STMT_run_seen,
			CELLS(cell_int(ref->sent_bytes - before.sent),
			      cell_int(ref->received_bytes - before.received),
			      cell_text(ref->sandbox), cell_int(ref->boot)),
			NULL, e);
}

static int
seen(struct store *s, void *arg, struct err *e)
{
	const struct seen_arg *a = arg;

	for (size_t i = 0; i < a->n; i++) {
		if (see(s, &a->refs[i], e) < 0)
			return -1;
	}
	return 0;
}

int
store_run_seen(struct store *s, const struct store_run_ref *refs, size_t n,
	       struct err *e)
{
	struct seen_arg a = {refs, n};

	assert(n <= STORE_RUN_BATCH);
	return tx_run(s, 0, seen, &a, e);
}

static int
sweep(struct store *s, void *arg, struct err *e)
{
	return stmt_run(s, STMT_run_sweep, NO_CELLS, arg, e);
}

int
store_run_sweep(struct store *s, int64_t *out_count, struct err *e)
{
	int64_t n;

	if (tx_run(s, 0, sweep, &n, e) < 0)
		return -1;
	*out_count = n;
	return 0;
}

int
store_run_dangling(struct store *s, int64_t *out_count, struct err *e)
{
	return count_rows(s, STMT_run_dangling, out_count, e);
}
