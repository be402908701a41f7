#include "store/store_sandbox.h"

#include <string.h>

#include "buf.h"
#include "err.h"
#include "store/sandbox_row.h"
#include "store/tx.h"
#include "text.h"

static int
no_sandbox(const char *id, struct err *e)
{
	return err_set(e, ERR_SANDBOX_NOT_FOUND, "no sandbox %s", id);
}

struct get_arg {
	const char *account, *id;
	struct sandbox row;
};

static int
get(struct store *s, void *arg, struct err *e)
{
	struct get_arg *a = arg;
	int n = stmt_one(s, STMT_sandbox_get, CELLS(cell_text(a->id)),
			 &sandbox_record, &a->row, e);

	if (n < 0)
		return -1;
	if (n == 0 || (a->account && strcmp(a->row.account, a->account) != 0))
		return no_sandbox(a->id, e);
	return 0;
}

int
store_sandbox_get(struct store *s, const char *account, const char *id,
		  struct sandbox *out, struct err *e)
{
	struct get_arg a = {.account = account, .id = id};

	if (tx_run(s, TX_READ, get, &a, e) < 0)
		return -1;
	*out = a.row;
	return 0;
}

unsigned
store_states_of(const char *status)
{
	unsigned states = 0;

	for (int i = 0; i < SANDBOX_STATE_COUNT; i++) {
		if (!strcmp(sandbox_state_status((enum sandbox_state)i),
			    status))
			states |= 1u << i;
	}
	return states;
}

unsigned
store_states_live(void)
{
	return ((1u << SANDBOX_STATE_COUNT) - 1) &
	       ~store_states_of("destroyed");
}

struct list_arg {
	const struct store_sandbox_query *q;
	struct sandbox row;
	int (*fn)(void *arg, const struct sandbox *sb);
	void *arg;
};

static int
list_row(void *arg)
{
	struct list_arg *a = arg;

	return a->fn(a->arg, &a->row);
}

static int
list(struct store *s, void *arg, struct err *e)
{
	struct list_arg *a = arg;
	const struct store_sandbox_query *q = a->q;
	struct cell cells[4 + STATE_SLOTS] = {
		cell_text(q->account),
		cell_int(q->before ? (int64_t)q->before : INT64_MAX),
		cell_text(q->metadata_has ? q->metadata_has : "{}"),
	};

	sandbox_row_states(cells + 3, q->states);
	cells[3 + STATE_SLOTS] = cell_int(q->limit);
	return stmt_each(s, STMT_sandbox_list, cells, 4 + STATE_SLOTS,
			 &sandbox_record, &a->row, list_row, a, e);
}

int
store_sandbox_list(struct store *s, const struct store_sandbox_query *q,
		   int (*fn)(void *arg, const struct sandbox *sb), void *arg,
		   struct err *e)
{
	struct list_arg a = {.q = q, .fn = fn, .arg = arg};

	return tx_run(s, TX_READ, list, &a, e);
}

struct patch_arg {
	const char *account, *id;
	const struct store_patch *p;
};

static int
patch(struct store *s, void *arg, struct err *e)
{
	const struct patch_arg *a = arg;
	const struct store_patch *p = a->p;
	struct get_arg now = {.account = a->account, .id = a->id};
	int64_t n;

	if (stmt_run(s, STMT_sandbox_patch,
		     CELLS(cell_text(p->name), cell_text(p->metadata),
			   p->timeout_s ? cell_int(*p->timeout_s)
					: cell_text(NULL),
			   cell_text(a->id), cell_text(a->account)),
		     &n, e) < 0)
		return -1;
	if (n == 1)
		return 0;
	if (get(s, &now, e) < 0)
		return -1;
	return err_set(e, ERR_SANDBOX_DESTROYED, "sandbox %s is destroyed",
		       a->id);
}

int
store_sandbox_patch(struct store *s, const char *account, const char *id,
		    const struct store_patch *p, struct err *e)
{
	struct patch_arg a = {account, id, p};

	return tx_run(s, 0, patch, &a, e);
}

struct plan_row {
	const char *id;
	struct buf *out;
};

static int
plan_get(struct store *s, void *arg, struct err *e)
{
	static const struct column columns[] = {
		COLUMN_BUFFER(plan_row, out),
	};
	static const struct record record = RECORD(columns);
	struct plan_row *row = arg;

	buf_reset(row->out);
	return stmt_one(s, STMT_plan_get, CELLS(cell_text(row->id)), &record,
			row, e) < 0
		       ? -1
		       : 0;
}

int
store_plan_get(struct store *s, const char *sandbox, struct buf *out,
	       struct err *e)
{
	struct plan_row row = {sandbox, out};

	return tx_run(s, TX_READ, plan_get, &row, e);
}

struct host_rows {
	const char *host;
	uint64_t after;
	int limit;
	struct store_host_row row;
	int64_t lease_over_us;
	int (*fn)(void *arg, const struct store_host_row *r);
	void *arg;
};

static int
host_row(void *arg)
{
	struct host_rows *h = arg;

	h->row.lease_over = h->lease_over_us > 0;
	h->row.lease_over_s = h->lease_over_us / 1000000;
	return h->fn(h->arg, &h->row);
}

#define HOST_ROW_COLUMN(type, column, member, parse) \
	COLUMN(host_rows, type, row.sandbox.member, parse),

static int
host_rows(struct store *s, void *arg, struct err *e)
{
	static const struct column columns[] = {
		SANDBOX_COLUMNS(HOST_ROW_COLUMN, HOST_ROW_COLUMN)
			COLUMN(host_rows, INT, lease_over_us, NULL),
	};
	static const struct record record = RECORD(columns);
	struct host_rows *h = arg;
	struct cell cells[3 + STATE_SLOTS] = {
		cell_text(h->host),
		cell_int((int64_t)h->after),
	};

	sandbox_row_states(cells + 2, ((1u << SANDBOX_STATE_COUNT) - 1) &
					      ~(1u << SANDBOX_destroyed));
	cells[2 + STATE_SLOTS] = cell_int(h->limit);
	return stmt_each(s, STMT_sandbox_host_rows, cells, 3 + STATE_SLOTS,
			 &record, h, host_row, h, e);
}

int
store_sandbox_host_rows(struct store *s, const char *host, uint64_t after,
			int limit,
			int (*fn)(void *arg, const struct store_host_row *r),
			void *arg, struct err *e)
{
	struct host_rows h = {.host = host,
			      .after = after,
			      .limit = limit,
			      .fn = fn,
			      .arg = arg};

	return tx_run(s, TX_READ, host_rows, &h, e);
}

static int
touch(struct store *s, void *arg, struct err *e)
{
	return stmt_run(s, STMT_sandbox_touch, CELLS(cell_text(arg)), NULL, e);
}

int
store_sandbox_touch(struct store *s, const char *id, struct err *e)
{
	char text[ID_SIZE];

	text_copy(text, sizeof(text), id);
	return tx_run(s, 0, touch, text, e);
}

struct expired_row {
	const char *host;
	int limit;
	char id[ID_SIZE];
	int (*fn)(void *arg, const char *id);
	void *arg;
};

static int
expired_row(void *arg)
{
	struct expired_row *row = arg;

	return row->fn(row->arg, row->id);
}

static int
expired(struct store *s, void *arg, struct err *e)
{
	static const struct column columns[] = {
		COLUMN(expired_row, TEXT, id, NULL),
	};
	static const struct record record = RECORD(columns);
	struct expired_row *row = arg;

	return stmt_each(s, STMT_sandbox_expired,
			 CELLS(cell_text(row->host), cell_int(row->limit)),
			 &record, row, expired_row, row, e);
}

int
store_sandbox_expired(struct store *s, const char *host, int limit,
		      int (*fn)(void *arg, const char *id), void *arg,
		      struct err *e)
{
	struct expired_row row = {
		.host = host,
		.limit = limit,
		.fn = fn,
		.arg = arg,
	};

	return tx_run(s, TX_READ, expired, &row, e);
}
