/* Each statement against the real schema as each of its users: sql/grants.sql
 * gives them what they need, and not what a daemon that was taken over would
 * like to have. */
#include "../support/store_live.h"

#include <mysqld_error.h>

static const struct {
	unsigned role;
	const char *user;
} roles[] = {
	{STMT_API, "caged-api"},
	{STMT_GATEWAY, "caged-gateway"},
	{STMT_KEEPER, "caged-keeper"},
	{STMT_ADMIN, "root"},
};
#define ROLE_COUNT (sizeof(roles) / sizeof(roles[0]))

static bool
is_denial(unsigned number)
{
	return number == ER_TABLEACCESS_DENIED_ERROR ||
	       number == ER_COLUMNACCESS_DENIED_ERROR ||
	       number == ER_PROCACCESS_DENIED_ERROR ||
	       number == ER_DBACCESS_DENIED_ERROR ||
	       number == ER_SPECIFIC_ACCESS_DENIED_ERROR;
}

/*
 * Prepares and executes EXPLAIN of a statement with NULLs, which checks every
 * table and column that it touches and changes nothing. 0, or the number of
 * the server's error.
 */
static unsigned
try_statement(struct store *s, const struct stmt_row *row)
{
	bool plain = !strncmp(row->sql, "C", 1); /* CALL, CREATE */
	MYSQL_BIND bind[COLUMNS_MAX] = {0};
	MYSQL_STMT *st = mysql_stmt_init(s->my);
	unsigned number = 0;
	char sql[8192];

	for (size_t i = 0; i < COLUMNS_MAX; i++)
		bind[i].buffer_type = MYSQL_TYPE_NULL;
	snprintf(sql, sizeof(sql), "%s%s", plain ? "" : "EXPLAIN ", row->sql);
	if (mysql_stmt_prepare(st, sql, strlen(sql)) ||
	    mysql_stmt_bind_param(st, bind) ||
	    (mysql_stmt_execute(st) && is_denial(mysql_stmt_errno(st))))
		number = mysql_stmt_errno(st);
	mysql_stmt_close(st);
	return number;
}

static void
grants_suffice(void **state)
{
	int tried = 0;

	(void)state;
	for (size_t r = 0; r < ROLE_COUNT; r++) {
		auto_store struct store *s = live_open(roles[r].user);
		struct err e = {0};

		assert_ok(store_ping(s, &e), &e);
		for (size_t i = 0; i < STMT_COUNT; i++) {
			unsigned number;

			if (!(stmts[i].roles & roles[r].role))
				continue;
			number = try_statement(s, &stmts[i]);
			if (number)
				fail_msg("%s as %s: error %u", stmts[i].name,
					 roles[r].user, number);
			tried++;
		}
	}
	assert_true(tried > (int)STMT_COUNT);
}

/* What a daemon that was taken over must not be able to do. */
static void
others_are_refused(void **state)
{
	static const struct {
		const char *user, *sql;
	} refused[] = {
		{"caged-gateway", "SELECT hash FROM api_key"},
		{"caged-gateway", "SELECT id FROM account"},
		{"caged-gateway", "UPDATE sandbox SET account_id = ''"},
		{"caged-gateway", "DELETE FROM sandbox"},
		{"caged-gateway",
		 "SELECT idem_key, request_hash FROM idempotency"},
		{"caged-keeper", "SELECT hash FROM api_key"},
		{"caged-keeper", "SELECT id FROM account"},
		{"caged-keeper", "SELECT ciphertext FROM sandbox_plan"},
		{"caged-keeper", "SELECT command FROM exec"},
		{"caged-keeper", "SELECT data FROM exec_output"},
		{"caged-keeper", "UPDATE sandbox SET account_id = ''"},
		{"caged-keeper", "CREATE TABLE stray (a INT)"},
		{"caged-api", "SELECT ciphertext FROM sandbox_plan"},
		{"caged-api", "UPDATE account SET plan = 'free'"},
		{"caged-api", "UPDATE api_key SET scope = 'full'"},
		{"caged-api", "UPDATE api_key SET account_id = ''"},
		{"caged-api", "INSERT INTO account (id) VALUES ('')"},
		{"caged-api", "DELETE FROM sandbox"},
		{"caged-api", "DELETE FROM exec"},
		{"caged-api", "DELETE FROM sandbox_transition"},
		{"caged-api", "SELECT 1 FROM schema_migration"},
		{"caged_report", "SELECT hash FROM api_key"},
		{"caged_report", "SELECT id FROM sandbox"},
		{"caged_report", "SELECT ciphertext FROM sandbox_plan"},
		{"caged_report", "SELECT data FROM exec_output"},
		{"caged_report", "CALL exec_output_roll(1, 0)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		auto_store struct store *s = live_open(refused[i].user);
		struct stmt_row row = {"refused", 0, refused[i].sql};
		struct err e = {0};

		assert_ok(store_ping(s, &e), &e);
		if (!is_denial(try_statement(s, &row)))
			fail_msg("%s may %s", refused[i].user, refused[i].sql);
	}
}

static void
report_reads_every_view(void **state)
{
	static const char *const views[] = {
		"SELECT * FROM v_account", "SELECT * FROM v_key",
		"SELECT * FROM v_sandbox", "SELECT * FROM v_transition",
		"SELECT * FROM v_run",	   "SELECT * FROM v_exec",
		"SELECT * FROM v_host",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++) {
		auto_store struct store *s = live_open("caged_report");
		struct err e = {0};

		assert_ok(db_command(s, views[i], &e), &e);
	}
}

/* The schema's list of states is sandbox_state.def's. */
static void
schema_knows_the_states(void **state)
{
	auto_store struct store *s = NULL;
	struct err e = {0};
	char want[1024] = "";
	MYSQL_RES *res;
	MYSQL_ROW row;
	size_t n = 0;

	(void)state;
	s = live_open("root");
	for (int i = 0; i < SANDBOX_STATE_COUNT; i++)
		n += (size_t)snprintf(
			want + n, sizeof(want) - n, "%s'%s'", n ? "," : "",
			sandbox_state_name((enum sandbox_state)i));
	assert_ok(
		db_command(
			s,
			"SELECT REPLACE(REPLACE(REPLACE(check_clause, ' ', ''),"
			" '_utf8mb4', ''), '\\\\', '')"
			" FROM information_schema.check_constraints"
			" WHERE constraint_schema = DATABASE()"
			" AND constraint_name = 'sandbox_state'",
			&e),
		&e);
	res = mysql_store_result(s->my);
	row = mysql_fetch_row(res);
	assert_non_null(row);
	if (!strstr(row[0], want))
		fail_msg("the CHECK is %s, the states are %s", row[0], want);
	mysql_free_result(res);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grants_suffice),
		cmocka_unit_test(others_are_refused),
		cmocka_unit_test(report_reads_every_view),
		cmocka_unit_test(schema_knows_the_states),
	};

	return live_run_group(tests);
}
