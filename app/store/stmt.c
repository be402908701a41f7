#include "store/stmt.h"

#include <assert.h>
#include <string.h>

#include "err.h"
#include "store/db.h"

const struct stmt_row stmts[STMT_COUNT] = {
#define STMT(name, roles, sql) {#name, roles, sql},
#include "store/stmts.def"
#undef STMT
};

static int
stmt_failed(struct store *s, enum stmt_id id, MYSQL_STMT *st, struct err *e)
{
	return db_failed(s, stmts[id].name, mysql_stmt_errno(st),
			 mysql_stmt_error(st), e);
}

static MYSQL_STMT *
stmt_get(struct store *s, enum stmt_id id, struct err *e)
{
	MYSQL_STMT *st;

	if (db_connect(s, e) < 0)
		return NULL;
	if (s->stmts[id])
		return s->stmts[id];
	st = mysql_stmt_init(s->my);
	if (!st) {
		err_set(e, ERR_INTERNAL, "no memory for a statement");
		return NULL;
	}
	if (mysql_stmt_prepare(st, stmts[id].sql, strlen(stmts[id].sql))) {
		stmt_failed(s, id, st, e);
		mysql_stmt_close(st);
		return NULL;
	}
	s->stmts[id] = st;
	return st;
}

static MYSQL_STMT *
stmt_start(struct store *s, enum stmt_id id, const struct cell *in, size_t n,
	   struct err *e)
{
	MYSQL_BIND bind[COLUMNS_MAX];
	MYSQL_TIME times[COLUMNS_MAX];
	MYSQL_STMT *st = stmt_get(s, id, e);

	if (!st)
		return NULL;
	assert(n <= COLUMNS_MAX && n == mysql_stmt_param_count(st));
	for (size_t i = 0; i < n; i++)
		column_bind_cell(&bind[i], &in[i], &times[i]);
	if ((n > 0 && mysql_stmt_bind_param(st, bind)) ||
	    mysql_stmt_execute(st)) {
		stmt_failed(s, id, st, e);
		return NULL;
	}
	return st;
}

/* A CALL answers a second, empty result. */
static void
stmt_end(MYSQL_STMT *st)
{
	mysql_stmt_free_result(st);
	while (mysql_stmt_next_result(st) == 0)
		mysql_stmt_free_result(st);
}

int
stmt_prepare(struct store *s, enum stmt_id id, struct err *e)
{
	return stmt_get(s, id, e) ? 0 : -1;
}

int
stmt_run(struct store *s, enum stmt_id id, const struct cell *in, size_t n,
	 int64_t *out_changed, struct err *e)
{
	MYSQL_STMT *st = stmt_start(s, id, in, n, e);

	if (!st)
		return -1;
	if (out_changed)
		*out_changed = (int64_t)mysql_stmt_affected_rows(st);
	return 0;
}

/* 1: a row is in `row`; 0: there was none; -1. */
static int
fetch(struct store *s, enum stmt_id id, MYSQL_STMT *st, const struct record *r,
      struct column_slot *slots, void *row, struct err *e)
{
	int rc = mysql_stmt_fetch(st);

	if (rc == MYSQL_NO_DATA)
		return 0;
	if (rc == 1)
		return stmt_failed(s, id, st, e);
	/* MYSQL_DATA_TRUNCATED says nothing new: column_take checks each. */
	for (unsigned i = 0; i < r->count; i++) {
		if (column_take(st, i, &r->columns[i], &slots[i], row) < 0) {
			s->fail = DB_FAIL_OTHER;
			return err_set(e, ERR_INTERNAL,
				       "database: %s: column %u is unreadable",
				       stmts[id].name, i);
		}
	}
	return 1;
}

struct rows {
	const struct record *record;
	void *row;
	int (*fn)(void *arg);
	void *arg;
};

static int
read_rows(struct store *s, enum stmt_id id, MYSQL_STMT *st,
	  const struct rows *rows, struct err *e)
{
	const struct record *r = rows->record;
	struct column_slot slots[COLUMNS_MAX] = {0};
	MYSQL_BIND bind[COLUMNS_MAX];
	int rc, count = 0;

	assert(r->count <= COLUMNS_MAX &&
	       r->count == mysql_stmt_field_count(st));
	for (size_t i = 0; i < r->count; i++)
		column_bind(&bind[i], &r->columns[i], &slots[i], rows->row);
	if (mysql_stmt_bind_result(st, bind) || mysql_stmt_store_result(st))
		return stmt_failed(s, id, st, e);
	while ((rc = fetch(s, id, st, r, slots, rows->row, e)) == 1) {
		count++;
		if (rows->fn(rows->arg))
			return count;
	}
	return rc < 0 ? -1 : count;
}

static int
stop_at_first(void *arg)
{
	(void)arg;
	return 1;
}

int
stmt_one(struct store *s, enum stmt_id id, const struct cell *in, size_t n,
	 const struct record *r, void *row, struct err *e)
{
	struct rows rows = {r, row, stop_at_first, NULL};
	MYSQL_STMT *st = stmt_start(s, id, in, n, e);
	int rc;

	if (!st)
		return -1;
	rc = read_rows(s, id, st, &rows, e);
	stmt_end(st);
	return rc;
}

int
stmt_each(struct store *s, enum stmt_id id, const struct cell *in, size_t n,
	  const struct record *r, void *row, int (*fn)(void *arg), void *arg,
	  struct err *e)
{
	struct rows rows = {r, row, fn, arg};
	MYSQL_STMT *st = stmt_start(s, id, in, n, e);
	int rc;

	if (!st)
		return -1;
	rc = read_rows(s, id, st, &rows, e);
	stmt_end(st);
	return rc < 0 ? -1 : 0;
}
