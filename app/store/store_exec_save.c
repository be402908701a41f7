#include "store/store_exec.h"

#include <assert.h>

#include "err.h"
#include "store/exec_chunk.h"
#include "store/tx.h"

typedef int item_fn(struct store *s, const struct store_exec_item *i,
		    struct err *e);

static int
save_start(struct store *s, const struct store_exec_item *i, struct err *e)
{
	const struct store_exec *x = i->exec;
	struct err why;

	if (stmt_run(s, STMT_exec_start,
		     CELLS(cell_text(x->id), cell_text(x->sandbox),
			   cell_text(x->account), cell_text(x->key),
			   cell_int(x->boot), cell_text(x->request_id),
			   cell_text(i->command), cell_int(i->command_is_argv),
			   cell_time(x->started_us)),
		     NULL, &why) == 0 ||
	    s->fail == DB_FAIL_TAKEN)
		return 0;
	*e = why;
	return -1;
}

static int
set_done(struct store *s, const struct store_exec *x, int64_t *out_found,
	 struct err *e)
{
	return stmt_run(
		s, STMT_exec_end,
		CELLS(cell_text(x->cause), cell_int(x->exit_code),
		      cell_time(x->ended_us), cell_int(x->duration_us),
		      cell_int(x->stdout_bytes), cell_int(x->stderr_bytes),
		      cell_int(x->dropped_bytes), cell_text(x->error_code),
		      cell_text(x->error_message), cell_text(x->id)),
		out_found, e);
}

/* The start may never have been saved: the agent keeps results for us. */
static int
save_end(struct store *s, const struct store_exec_item *i, struct err *e)
{
	int64_t found;

	if (set_done(s, i->exec, &found, e) < 0)
		return -1;
	if (found > 0)
		return 0;
	if (save_start(s, i, e) < 0)
		return -1;
	return set_done(s, i->exec, &found, e);
}

/* The oldest chunk of the tail goes when a new one comes. */
static int
trim(struct store *s, const struct store_exec_item *i, struct err *e)
{
	if (i->chunk_no < EXEC_CHUNKS_HEAD + EXEC_CHUNKS_TAIL)
		return 0;
	return stmt_run(s, STMT_output_trim,
			CELLS(cell_text(i->exec->id),
			      cell_day(i->exec->started_us),
			      cell_int(EXEC_CHUNKS_HEAD),
			      cell_int(i->chunk_no + 1 - EXEC_CHUNKS_TAIL)),
			NULL, e);
}

static int
save_output(struct store *s, const struct store_exec_item *i, struct err *e)
{
	uint8_t packed[EXEC_CHUNK_PACKED];
	size_t n;

	assert(i->chunk_len <= EXEC_CHUNK_RAW);
	n = exec_chunk_pack(packed, i->chunk, i->chunk_len);
	if (n == 0)
		return err_set(e, ERR_INTERNAL, "cannot compress output");
	if (stmt_run(s, STMT_output_insert,
		     CELLS(cell_text(i->exec->id),
			   cell_day(i->exec->started_us), cell_int(i->chunk_no),
			   cell_blob(packed, n)),
		     NULL, e) < 0)
		return -1;
	return trim(s, i, e);
}

static int
save_reset(struct store *s, const struct store_exec_item *i, struct err *e)
{
	return stmt_run(
		s, STMT_output_reset,
		CELLS(cell_text(i->exec->id), cell_day(i->exec->started_us)),
		NULL, e);
}

static int
save_lost(struct store *s, const struct store_exec_item *i, struct err *e)
{
	return stmt_run(s, STMT_exec_lost, CELLS(cell_text(i->exec->id)), NULL,
			e);
}

static item_fn *const kinds[] = {
	[STORE_EXEC_START] = save_start, [STORE_EXEC_OUTPUT] = save_output,
	[STORE_EXEC_RESET] = save_reset, [STORE_EXEC_END] = save_end,
	[STORE_EXEC_LOST] = save_lost,
};

struct save_arg {
	const struct store_exec_item *items;
	size_t n;
};

static int
save(struct store *s, void *arg, struct err *e)
{
	const struct save_arg *a = arg;

	for (size_t i = 0; i < a->n; i++) {
		if (kinds[a->items[i].kind](s, &a->items[i], e) < 0)
			return -1;
	}
	return 0;
}

int
store_exec_save(struct store *s, const struct store_exec_item *items, size_t n,
		struct err *e)
{
	struct save_arg a = {items, n};

	assert(n <= STORE_EXEC_BATCH_MAX);
	return tx_run(s, 0, save, &a, e);
}
