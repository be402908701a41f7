#include "store/count.h"

#include "store/tx.h"

struct count_arg {
	enum stmt_id id;
	int64_t count;
};

static int
count(struct store *s, void *arg, struct err *e)
{
	static const struct column columns[] = {
		COLUMN(count_arg, INT, count, NULL),
	};
	static const struct record record = RECORD(columns);
	struct count_arg *a = arg;

	return stmt_one(s, a->id, NO_CELLS, &record, a, e) < 0 ? -1 : 0;
}

int
count_rows(struct store *s, enum stmt_id id, int64_t *out, struct err *e)
{
	struct count_arg a = {.id = id};

	if (tx_run(s, TX_READ, count, &a, e) < 0)
		return -1;
	*out = a.count;
	return 0;
}
