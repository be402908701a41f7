/* Windows of requests, shared by processes. */
#include "../support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/rate.h"
#include "err.h"

#define ACCOUNT "acct-0123456789abcdef"
#define NOW 1780912800 /* the start of a minute */

static struct rate *
table(void)
{
	struct err e;
	struct rate *r = rate_new(&e);

	assert_non_null(r);
	return r;
}

static void
refuses_above_the_limit(void **state)
{
	struct rate *r = table();

	(void)state;
	for (int i = 1; i <= 70; i++) {
		struct rate_answer a = rate_count(r, ACCOUNT, 60, NOW + i % 60);

		assert_int_equal(a.limit, 60);
		assert_int_equal(a.remaining, i < 60 ? 60 - i : 0);
		assert_int_equal(a.refused, i > 60);
		assert_int_equal(a.reset_at, NOW + 60);
	}
	rate_free(r);
}

static void
a_new_minute_begins_anew(void **state)
{
	struct rate *r = table();

	(void)state;
	for (int i = 0; i < 9; i++)
		rate_count(r, ACCOUNT, 5, NOW + 59);
	assert_true(rate_count(r, ACCOUNT, 5, NOW + 59).refused);
	assert_int_equal(rate_count(r, ACCOUNT, 5, NOW + 60).remaining, 4);
	rate_free(r);
}

static void
accounts_do_not_share(void **state)
{
	struct rate *r = table();

	(void)state;
	for (int i = 0; i < 2000; i++) {
		char account[32];

		snprintf(account, sizeof(account), "acct-%d", i);
		assert_int_equal(rate_count(r, account, 5, NOW).remaining, 4);
	}
	rate_free(r);
}

/* More accounts than places: nobody is refused for another's requests. */
static void
a_full_table_refuses_nobody(void **state)
{
	struct rate *r = table();

	(void)state;
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 40000; i++) {
			char account[32];

			snprintf(account, sizeof(account), "acct-%d", i);
			assert_false(rate_count(r, account, 2, NOW).refused);
		}
	assert_int_equal(rate_count(r, "acct-new", 2, NOW + 60).remaining, 1);
	rate_free(r);
}

static void
no_limit_still_counts(void **state)
{
	struct rate *r = table();
	struct rate_answer a;

	(void)state;
	for (int i = 0; i < 5000; i++)
		a = rate_count(r, ACCOUNT, 0, NOW);
	assert_false(a.refused);
	assert_int_equal(a.limit, RATE_UNLIMITED);
	assert_int_equal(a.remaining, RATE_UNLIMITED - 5000);
	rate_free(r);
}

/* Every request of every process is counted once. */
static void
processes_share_the_windows(void **state)
{
	enum { PROCESSES = 4, EACH = 5000 };
	struct rate *r = table();
	struct rate_answer a;

	(void)state;
	for (int i = 0; i < PROCESSES; i++)
		if (fork() == 0) {
			for (int k = 0; k < EACH; k++)
				rate_count(r, ACCOUNT, 1000000, NOW);
			_exit(0);
		}
	for (int i = 0; i < PROCESSES; i++)
		assert_true(wait(NULL) > 0);
	a = rate_count(r, ACCOUNT, 1000000, NOW);
	assert_int_equal(a.remaining, 1000000 - PROCESSES * EACH - 1);
	rate_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_above_the_limit),
		cmocka_unit_test(a_new_minute_begins_anew),
		cmocka_unit_test(accounts_do_not_share),
		cmocka_unit_test(a_full_table_refuses_nobody),
		cmocka_unit_test(no_limit_still_counts),
		cmocka_unit_test(processes_share_the_windows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
