#include "store/store_retain.h"

#include "store/tx.h"

#define PARTITIONS_AHEAD 3
#define PARTITIONS_KEPT 7

struct retain_arg {
	enum stmt_id id;
	int64_t count;
};

static int
delete_batch(struct store *s, void *arg, struct err *e)
{
	struct retain_arg *a = arg;

	return stmt_run(s, a->id, CELLS(cell_int(STORE_RETAIN_BATCH)),
			&a->count, e);
}

static int
retain(struct store *s, enum stmt_id id, int64_t *out_count, struct err *e)
{
	struct retain_arg a = {.id = id};

	if (tx_run(s, 0, delete_batch, &a, e) < 0)
		return -1;
	*out_count = a.count;
	return 0;
}

int
store_retain_idempotency(struct store *s, int64_t *out_count, struct err *e)
{
	return retain(s, STMT_retain_idempotency, out_count, e);
}

int
store_retain_exec(struct store *s, int64_t *out_count, struct err *e)
{
	return retain(s, STMT_retain_exec, out_count, e);
}

int
store_retain_sandbox(struct store *s, int64_t *out_count, struct err *e)
{
	return retain(s, STMT_retain_sandbox, out_count, e);
}

int
store_retain_run(struct store *s, int64_t *out_count, struct err *e)
{
	return retain(s, STMT_retain_run, out_count, e);
}

static int
roll(struct store *s, void *arg, struct err *e)
{
	static const struct column columns[] = {
		COLUMN(retain_arg, INT, count, NULL),
	};
	static const struct record record = RECORD(columns);

	return stmt_one(s, STMT_retain_partitions,
			CELLS(cell_int(PARTITIONS_AHEAD),
			      cell_int(PARTITIONS_KEPT)),
			&record, arg, e) < 0
		       ? -1
		       : 0;
}

int
store_retain_partitions(struct store *s, int64_t *out_count, struct err *e)
{
	struct retain_arg a = {0};

	if (tx_run(s, TX_READ, roll, &a, e) < 0)
		return -1;
	*out_count = a.count;
	return 0;
}
