/* The statement table: what can be said of it without a server. */
#include "../support/cmocka_all.h"

#include <string.h>

#include "store/stmt.h"

static void
names_are_unique(void **state)
{
	(void)state;
	for (size_t i = 0; i < STMT_COUNT; i++) {
		for (size_t j = i + 1; j < STMT_COUNT; j++) {
			assert_string_not_equal(stmts[i].name, stmts[j].name);
			assert_string_not_equal(stmts[i].sql, stmts[j].sql);
		}
	}
}

static void
every_statement_has_a_user(void **state)
{
	unsigned all = STMT_API | STMT_GATEWAY | STMT_KEEPER | STMT_ADMIN;

	(void)state;
	for (size_t i = 0; i < STMT_COUNT; i++) {
		assert_int_not_equal(stmts[i].roles & all, 0);
		assert_int_equal(stmts[i].roles & ~all, 0);
	}
}

/* Nothing that would make room for text from outside, or for a surprise. */
static void
statements_are_whole(void **state)
{
	static const char *const never[] = {"%s", "%d", "%.", ";",  "--",
					    "/*", "#",	"\\", "\"", "SELECT *"};

	(void)state;
	for (size_t i = 0; i < STMT_COUNT; i++) {
		for (size_t j = 0; j < sizeof(never) / sizeof(never[0]); j++) {
			if (strstr(stmts[i].sql, never[j]))
				fail_msg("%s has %s", stmts[i].name, never[j]);
		}
	}
}

static size_t
count_params(const char *sql)
{
	size_t n = 0;

	for (; *sql; sql++)
		n += *sql == '?';
	return n;
}

static void
statements_fit_the_binder(void **state)
{
	(void)state;
	for (size_t i = 0; i < STMT_COUNT; i++)
		assert_in_range(count_params(stmts[i].sql), 0, COLUMNS_MAX);
}

/* A statement that changes every row of a table is a mistake. */
static void
changes_have_a_where(void **state)
{
	(void)state;
	for (size_t i = 0; i < STMT_COUNT; i++) {
		const char *sql = stmts[i].sql;

		if (!strncmp(sql, "UPDATE", 6) || !strncmp(sql, "DELETE", 6))
			assert_non_null(strstr(sql, " WHERE "));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_unique),
		cmocka_unit_test(every_statement_has_a_user),
		cmocka_unit_test(statements_are_whole),
		cmocka_unit_test(statements_fit_the_binder),
		cmocka_unit_test(changes_have_a_where),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
