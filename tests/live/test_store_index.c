/* Every statement finds its rows by an index. */
#include "../support/store_live.h"

/* Those that read a table that stays small, or none at all. */
static const enum stmt_id whole_table[] = {
	STMT_ping,
	STMT_schema_lock,
	STMT_schema_list,
	STMT_schema_insert,
	STMT_account_list,
	STMT_account_insert,
	STMT_retain_partitions,
};

static bool
reads_whole_table(size_t id)
{
	for (size_t i = 0; i < sizeof(whole_table) / sizeof(whole_table[0]);
	     i++) {
		if (whole_table[i] == (enum stmt_id)id)
			return true;
	}
	return false;
}

/* The statement with "1" for each parameter: a number after LIMIT, else text. */
static void
fill_in(char *out, size_t size, const char *sql)
{
	size_t n = (size_t)snprintf(out, size, "EXPLAIN ");

	for (const char *p = sql; *p && n + 4 < size; p++) {
		bool number = p - sql >= 6 && !strncmp(p - 6, "LIMIT ", 6);

		if (*p != '?')
			out[n++] = *p;
		else
			n += (size_t)snprintf(out + n, size - n, "%s",
					      number ? "1" : "'1'");
	}
	out[n] = 0;
}

static int
column_of(MYSQL_RES *res, const char *name)
{
	for (unsigned i = 0; i < mysql_num_fields(res); i++) {
		if (!strcmp(mysql_fetch_field_direct(res, i)->name, name))
			return (int)i;
	}
	fail_msg("EXPLAIN has no column %s", name);
	return -1;
}

/* How many tables it looked into; fails where there was no index to choose. */
static int
check_plan(struct store *s, const struct stmt_row *row)
{
	char sql[8192];
	struct err e = {0};
	MYSQL_RES *res;
	MYSQL_ROW r;
	int table, keys, tables = 0;

	fill_in(sql, sizeof(sql), row->sql);
	assert_ok(db_command(s, sql, &e), &e);
	res = mysql_store_result(s->my);
	assert_non_null(res);
	table = column_of(res, "table");
	keys = column_of(res, "possible_keys");
	while ((r = mysql_fetch_row(res))) {
		if (!r[table] || r[table][0] == '<' ||
		    !strncmp(row->sql, "INSERT", 6) ||
		    !strncmp(row->sql, "REPLACE", 7))
			continue;
		tables++;
		if (!r[keys])
			fail_msg("%s: no index for %s", row->name, r[table]);
	}
	mysql_free_result(res);
	return tables;
}

/* Rows, so that lookups by a unique key are not answered while planning. */
static void
every_query_has_an_index(void **state)
{
	auto_store struct store *s = live_open("root");
	auto_store struct store *api = live_open("caged-api");
	struct store_account account;
	struct err e = {0};
	char id[ID_SIZE];
	int tables = 0;

	(void)state;
	live_account(&account);
	live_sandbox(api, account.id, id);
	assert_ok(store_ping(s, &e), &e);
	for (size_t i = 0; i < STMT_COUNT; i++) {
		if (!reads_whole_table(i))
			tables += check_plan(s, &stmts[i]);
	}
	assert_true(tables > 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_query_has_an_index),
	};

	return live_run_group(tests);
}
