#include "store/store_run.h"

#include <assert.h>

#include "store/count.h"
#include "store/tx.h"

struct seen_arg {
	const struct store_run_ref *refs;
	size_t n;
};

static int
seen(struct store *s, void *arg, struct err *e)
{
	const struct seen_arg *a = arg;

	for (size_t i = 0; i < a->n; i++) {
		if (stmt_run(s, STMT_run_seen,
			     CELLS(cell_int(a->refs[i].sent_bytes),
				   cell_int(a->refs[i].received_bytes),
				   cell_text(a->refs[i].sandbox),
				   cell_int(a->refs[i].boot)),
			     NULL, e) < 0)
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
