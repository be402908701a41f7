#include "store/store_key.h"

#include <string.h>

#include "err.h"
#include "store/account_row.h"
#include "store/tx.h"

static const char *const scopes[] = {
#define KEY_SCOPE(name) #name,
	KEY_SCOPES(KEY_SCOPE)
#undef KEY_SCOPE
};

const char *
key_scope_name(enum key_scope scope)
{
	return scopes[scope];
}

int
key_scope_from_name(const char *name)
{
	if (!strcmp(name, "read"))
		return KEY_SCOPE_read_only;
	for (int i = 0; i < KEY_SCOPE_COUNT; i++) {
		if (!strcmp(scopes[i], name))
			return i;
	}
	return -1;
}

struct found {
	struct store_principal principal;
	bool touch; /* the last use was noted more than a minute ago */
};

static const struct column found_columns[] = {
	ACCOUNT_COLUMNS(found, principal.account.),
	COLUMN(found, TEXT, principal.key, NULL),
	COLUMN(found, NAME, principal.scope, key_scope_from_name),
	COLUMN(found, BOOL, principal.expired, NULL),
	COLUMN(found, BOOL, touch, NULL),
};
static const struct record found_record = RECORD(found_columns);

struct find_arg {
	const uint8_t *hash;
	struct found row;
};

static int
find(struct store *s, void *arg, struct err *e)
{
	struct find_arg *a = arg;
	int n = stmt_one(s, STMT_key_find,
			 CELLS(cell_blob(a->hash, STORE_KEY_HASH_SIZE)),
			 &found_record, &a->row, e);

	if (n == 0)
		return err_set(e, ERR_UNAUTHENTICATED, "unknown API key");
	if (n < 0)
		return -1;
	if (!a->row.touch)
		return 0;
	return stmt_run(s, STMT_key_touch,
			CELLS(cell_text(a->row.principal.key)), NULL, e);
}

int
store_key_find(struct store *s, const uint8_t hash[STORE_KEY_HASH_SIZE],
	       struct store_principal *out, struct err *e)
{
	struct find_arg a = {.hash = hash};

	if (tx_run(s, TX_READ, find, &a, e) < 0)
		return -1;
	account_row_limits(s->conf, &a.row.principal.account);
	*out = a.row.principal;
	return 0;
}

static const struct column columns[] = {
	COLUMN(store_key, INT, seq, NULL),
	COLUMN(store_key, TEXT, id, NULL),
	COLUMN(store_key, TEXT, account, NULL),
	COLUMN(store_key, TEXT, name, NULL),
	COLUMN(store_key, TEXT, prefix, NULL),
	COLUMN(store_key, NAME, scope, key_scope_from_name),
	COLUMN(store_key, TIME, created_us, NULL),
	COLUMN(store_key, TIME, expires_us, NULL),
	COLUMN(store_key, TIME, last_used_us, NULL),
};
static const struct record record = RECORD(columns);

struct key_call {
	const char *account, *id;
	const struct store_key *in;
	const uint8_t *hash;
	uint64_t before;
	int limit;
	struct store_key row;
	int (*fn)(void *arg, const struct store_key *k);
	void *arg;
};

static int
insert(struct store *s, void *arg, struct err *e)
{
	const struct key_call *c = arg;
	const struct store_key *k = c->in;
	struct err why;

	if (stmt_run(s, STMT_key_insert,
		     CELLS(cell_text(k->id), cell_text(k->account),
			   cell_blob(c->hash, STORE_KEY_HASH_SIZE),
			   cell_text(k->prefix), cell_text(k->name),
			   cell_text(key_scope_name(k->scope)),
			   cell_time(k->expires_us)),
		     NULL, &why) == 0 ||
	    s->fail == DB_FAIL_TAKEN) /* inserted by the run before */
		return 0;
	*e = why;
	return -1;
}

int
store_key_create(struct store *s, const struct store_key *k,
		 const uint8_t hash[STORE_KEY_HASH_SIZE], struct err *e)
{
	struct key_call c = {.in = k, .hash = hash};

	return tx_run(s, 0, insert, &c, e);
}

static int
no_key(const char *id, struct err *e)
{
	return err_set(e, ERR_KEY_NOT_FOUND, "no key %s", id);
}

static int
get(struct store *s, void *arg, struct err *e)
{
	struct key_call *c = arg;
	int n = stmt_one(s, STMT_key_get,
			 CELLS(cell_text(c->account), cell_text(c->id)),
			 &record, &c->row, e);

	return n == 0 ? no_key(c->id, e) : n < 0 ? -1 : 0;
}

int
store_key_get(struct store *s, const char *account, const char *id,
	      struct store_key *out, struct err *e)
{
	struct key_call c = {.account = account, .id = id};

	if (tx_run(s, TX_READ, get, &c, e) < 0)
		return -1;
	*out = c.row;
	return 0;
}

static int
list_row(void *arg)
{
	struct key_call *c = arg;

	return c->fn(c->arg, &c->row);
}

static int
list(struct store *s, void *arg, struct err *e)
{
	struct key_call *c = arg;
	int64_t before = c->before ? (int64_t)c->before : INT64_MAX;

	return stmt_each(s, STMT_key_list,
			 CELLS(cell_text(c->account), cell_int(before),
			       cell_int(c->limit)),
			 &record, &c->row, list_row, c, e);
}

int
store_key_list(struct store *s, const char *account, uint64_t before, int limit,
	       int (*fn)(void *arg, const struct store_key *k), void *arg,
	       struct err *e)
{
	struct key_call c = {.account = account,
			     .before = before,
			     .limit = limit,
			     .fn = fn,
			     .arg = arg};

	return tx_run(s, TX_READ, list, &c, e);
}

static int
revoke(struct store *s, void *arg, struct err *e)
{
	const struct key_call *c = arg;
	int64_t n;

	if (stmt_run(s, STMT_key_revoke,
		     CELLS(cell_text(c->account), cell_text(c->id)), &n, e) < 0)
		return -1;
	return n == 0 ? no_key(c->id, e) : 0;
}

int
store_key_revoke(struct store *s, const char *account, const char *id,
		 struct err *e)
{
	struct key_call c = {.account = account, .id = id};

	return tx_run(s, TX_ONCE, revoke, &c, e);
}
