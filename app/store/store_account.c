#include "store/store_account.h"

#include <string.h>

#include "conf.h"
#include "err.h"
#include "store/account_row.h"
#include "store/tx.h"

static const struct column columns[] = {ACCOUNT_COLUMNS(store_account, )};
static const struct record record = RECORD(columns);

struct account_call {
	const char *id_or_name;
	const struct store_account *in;
	struct store_account row;
	int (*fn)(void *arg, const struct store_account *a);
	void *arg;
};

static int
get(struct store *s, void *arg, struct err *e)
{
	struct account_call *c = arg;
	int n = stmt_one(s, STMT_account_get, CELLS(cell_text(c->id_or_name)),
			 &record, &c->row, e);

	if (n == 0)
		return err_set(e, ERR_NOT_FOUND, "no account %s",
			       c->id_or_name);
	return n < 0 ? -1 : 0;
}

int
store_account_get(struct store *s, const char *id, struct store_account *out,
		  struct err *e)
{
	struct account_call c = {.id_or_name = id};

	if (tx_run(s, TX_READ, get, &c, e) < 0)
		return -1;
	account_row_limits(s->conf, &c.row);
	*out = c.row;
	return 0;
}

static int
find(struct store *s, void *arg, struct err *e)
{
	struct account_call *c = arg;
	int n = stmt_one(s, STMT_account_find,
			 CELLS(cell_text(c->id_or_name),
			       cell_text(c->id_or_name),
			       cell_text(c->id_or_name)),
			 &record, &c->row, e);

	if (n == 0)
		return err_set(e, ERR_NOT_FOUND, "no account %s",
			       c->id_or_name);
	return n < 0 ? -1 : 0;
}

int
store_account_find(struct store *s, const char *id_or_name,
		   struct store_account *out, struct err *e)
{
	struct account_call c = {.id_or_name = id_or_name};

	if (tx_run(s, TX_READ, find, &c, e) < 0)
		return -1;
	account_row_limits(s->conf, &c.row);
	*out = c.row;
	return 0;
}

static int
insert(struct store *s, void *arg, struct err *e)
{
	const struct store_account *a = ((struct account_call *)arg)->in;

	return stmt_run(
		s, STMT_account_insert,
		CELLS(cell_text(a->id), cell_text(a->name), cell_text(a->plan)),
		NULL, e);
}

int
store_account_create(struct store *s, const struct store_account *a,
		     struct err *e)
{
	struct account_call c = {.in = a};
	struct err why = {0};

	if (tx_run(s, TX_ONCE, insert, &c, &why) == 0)
		return 0;
	if (s->fail == DB_FAIL_TAKEN)
		return err_set(e, ERR_WRONG_STATE,
			       "there is an account named %s", a->name);
	*e = why;
	return -1;
}

struct list_arg {
	struct store *s;
	struct account_call *c;
};

static int
list_row(void *arg)
{
	struct list_arg *l = arg;

	account_row_limits(l->s->conf, &l->c->row);
	return l->c->fn(l->c->arg, &l->c->row);
}

static int
list(struct store *s, void *arg, struct err *e)
{
	struct account_call *c = arg;

	return stmt_each(s, STMT_account_list, NO_CELLS, &record, &c->row,
			 list_row, &(struct list_arg){s, c}, e);
}

int
store_account_list(struct store *s,
		   int (*fn)(void *arg, const struct store_account *a),
		   void *arg, struct err *e)
{
	struct account_call c = {.fn = fn, .arg = arg};

	return tx_run(s, TX_READ, list, &c, e);
}
