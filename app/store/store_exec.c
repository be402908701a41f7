#include "store/store_exec.h"

#include <string.h>

#include "buf.h"
#include "err.h"
#include "store/count.h"
#include "store/tx.h"

static const char *const statuses[] = {
	[EXEC_running] = "running",
	[EXEC_done] = "done",
	[EXEC_lost] = "lost",
};
_Static_assert(sizeof(statuses) / sizeof(statuses[0]) == EXEC_STATUS_COUNT,
	       "a status has no name");

const char *
exec_status_name(enum exec_status s)
{
	return statuses[s];
}

static int
status_from_name(const char *name)
{
	for (int i = 0; i < EXEC_STATUS_COUNT; i++) {
		if (!strcmp(statuses[i], name))
			return i;
	}
	return -1;
}

struct exec_row {
	struct store_exec exec;
	bool is_argv;
	struct buf *command;
};

static const struct column columns[] = {
	COLUMN(exec_row, TEXT, exec.id, NULL),
	COLUMN(exec_row, TEXT, exec.sandbox, NULL),
	COLUMN(exec_row, TEXT, exec.account, NULL),
	COLUMN(exec_row, TEXT, exec.key, NULL),
	COLUMN(exec_row, INT, exec.boot, NULL),
	COLUMN(exec_row, NAME, exec.status, status_from_name),
	COLUMN(exec_row, TEXT, exec.request_id, NULL),
	COLUMN(exec_row, TEXT, exec.cause, NULL),
	COLUMN(exec_row, INT, exec.exit_code, NULL),
	COLUMN(exec_row, TIME, exec.started_us, NULL),
	COLUMN(exec_row, TIME, exec.ended_us, NULL),
	COLUMN(exec_row, INT, exec.duration_us, NULL),
	COLUMN(exec_row, INT, exec.stdout_bytes, NULL),
	COLUMN(exec_row, INT, exec.stderr_bytes, NULL),
	COLUMN(exec_row, INT, exec.dropped_bytes, NULL),
	COLUMN(exec_row, TEXT, exec.error_code, NULL),
	COLUMN(exec_row, TEXT, exec.error_message, NULL),
	COLUMN(exec_row, BOOL, is_argv, NULL),
	COLUMN_BUFFER(exec_row, command),
};
static const struct record record = RECORD(columns);

struct get_arg {
	const char *account, *sandbox, *id;
	struct exec_row row;
};

static int
get(struct store *s, void *arg, struct err *e)
{
	struct get_arg *a = arg;
	int n;

	buf_reset(a->row.command);
	n = stmt_one(s, STMT_exec_get,
		     CELLS(cell_text(a->id), cell_text(a->sandbox),
			   cell_text(a->account)),
		     &record, &a->row, e);
	if (n == 0)
		return err_set(e, ERR_EXEC_NOT_FOUND, "no exec %s", a->id);
	return n < 0 ? -1 : 0;
}

int
store_exec_get(struct store *s, const char *account, const char *sandbox,
	       const char *id, struct store_exec *out, char **out_command,
	       bool *out_is_argv, struct err *e)
{
	auto_buf struct buf command = {.cap = STORE_COMMAND_MAX};
	struct get_arg a = {account, sandbox, id, {.command = &command}};

	if (tx_run(s, TX_READ, get, &a, e) < 0)
		return -1;
	if (out_command) {
		if (!command.data && buf_addstr(&command, "") < 0)
			return err_set(e, ERR_INTERNAL, "no memory");
		*out_command = buf_steal(&command);
		*out_is_argv = a.row.is_argv;
	}
	*out = a.row.exec;
	return 0;
}

struct running_arg {
	const char *sandbox;
	int limit;
	struct exec_row row;
	int (*fn)(void *arg, const struct store_exec *x);
	void *arg;
};

static int
running_row(void *arg)
{
	struct running_arg *a = arg;

	buf_reset(a->row.command);
	return a->fn(a->arg, &a->row.exec);
}

static int
running(struct store *s, void *arg, struct err *e)
{
	struct running_arg *a = arg;

	buf_reset(a->row.command);
	return stmt_each(s, STMT_exec_running,
			 CELLS(cell_text(a->sandbox), cell_int(a->limit)),
			 &record, &a->row, running_row, a, e);
}

int
store_exec_running(struct store *s, const char *sandbox, int limit,
		   int (*fn)(void *arg, const struct store_exec *x), void *arg,
		   struct err *e)
{
	auto_buf struct buf command = {.cap = STORE_COMMAND_MAX};
	struct running_arg a = {sandbox, limit, {.command = &command}, fn, arg};

	return tx_run(s, TX_READ, running, &a, e);
}

static int
sweep(struct store *s, void *arg, struct err *e)
{
	return stmt_run(s, STMT_exec_sweep, NO_CELLS, arg, e);
}

int
store_exec_sweep(struct store *s, int64_t *out_count, struct err *e)
{
	int64_t n;

	if (tx_run(s, 0, sweep, &n, e) < 0)
		return -1;
	*out_count = n;
	return 0;
}

int
store_exec_dangling(struct store *s, int64_t *out_count, struct err *e)
{
	return count_rows(s, STMT_exec_dangling, out_count, e);
}
