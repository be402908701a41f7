#include "store/store_run.h"

#include "store/tx.h"

struct seen_arg {
	const char *sandbox;
	int64_t boot;
};

static int
seen(struct store *s, void *arg, struct err *e)
{
	const struct seen_arg *a = arg;

	return stmt_run(s, STMT_run_seen,
			CELLS(cell_text(a->sandbox), cell_int(a->boot)), NULL,
			e);
}

int
store_run_seen(struct store *s, const char *sandbox, int64_t boot,
	       struct err *e)
{
	struct seen_arg a = {sandbox, boot};

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
