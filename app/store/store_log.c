#include "store/store_log.h"

#include <assert.h>
#include <stdlib.h>

#include "auto.h"
#include "err.h"
#include "store/tx.h"

/* The statement answers newest first; callers want it the other way round. */
struct log_arg {
	const char *sandbox;
	int tail;
	struct store_log_line *lines; /* `tail` of them */
	int count;
	struct store_log_line row;
};

static int
keep_line(void *arg)
{
	struct log_arg *a = arg;

	assert(a->count < a->tail);
	a->lines[a->count++] = a->row;
	return 0;
}

static int
read_lines(struct store *s, void *arg, struct err *e)
{
	static const struct column columns[] = {
		COLUMN(log_arg, TIME, row.at_us, NULL),
		COLUMN(log_arg, TEXT, row.type, NULL),
		COLUMN(log_arg, TEXT, row.message, NULL),
	};
	static const struct record record = RECORD(columns);
	struct log_arg *a = arg;

	a->count = 0;
	return stmt_each(s, STMT_log_tail,
			 CELLS(cell_text(a->sandbox), cell_int(a->tail),
			       cell_text(a->sandbox), cell_int(a->tail),
			       cell_int(a->tail)),
			 &record, a, keep_line, a, e);
}

int
store_log_tail(struct store *s, const char *sandbox, int tail,
	       int (*fn)(void *arg, const struct store_log_line *l), void *arg,
	       struct err *e)
{
	auto_free struct store_log_line *lines = NULL;
	struct log_arg a = {.sandbox = sandbox, .tail = tail};

	assert(tail >= 1 && tail <= STORE_LOG_TAIL_MAX);
	lines = calloc((size_t)tail, sizeof(*lines));
	if (!lines)
		return err_set(e, ERR_INTERNAL, "no memory");
	a.lines = lines;
	if (tx_run(s, TX_READ, read_lines, &a, e) < 0)
		return -1;
	while (a.count > 0) {
		if (fn(arg, &lines[--a.count]))
			break;
	}
	return 0;
}
