/* A grant opens one request. */
#include "../support/cmocka_all.h"

#include <stdio.h>

#include "err.h"
#include "gateway/grants.h"
#include "model/grant.h"

static int
use(struct grants *g, int n, int64_t now_ms, enum err_code *code)
{
	struct err e = {0};
	char jti[33];
	int rc;

	snprintf(jti, sizeof(jti), "%032d", n);
	rc = grants_use(g, jti, now_ms, &e);
	*code = e.code;
	return rc;
}

static void
a_second_use_is_refused(void **state)
{
	struct grants *g = grants_new(8);
	enum err_code code;

	(void)state;
	assert_int_equal(use(g, 1, 0, &code), 0);
	assert_int_equal(use(g, 2, 0, &code), 0);
	assert_int_equal(use(g, 1, 1, &code), -1);
	assert_int_equal(code, ERR_UNAUTHENTICATED);
	/* For as long as the grant itself is good. */
	assert_int_equal(use(g, 1, GRANT_LIFE_S * 1000, &code), -1);
	grants_free(g);
}

static void
the_set_is_bounded_and_forgets(void **state)
{
	struct grants *g = grants_new(8);
	int64_t later = (GRANT_LIFE_S + 1) * 1000;
	enum err_code code;

	(void)state;
	for (int round = 0; round < 100; round++) {
		for (int i = 0; i < 8; i++)
			assert_int_equal(
				use(g, round * 8 + i, round * later, &code), 0);
		assert_int_equal(use(g, -1, round * later, &code), -1);
		assert_int_equal(code, ERR_OVERLOADED);
		assert_int_equal(use(g, round * 8, round * later, &code), -1);
		assert_int_equal(code, ERR_UNAUTHENTICATED);
	}
	grants_free(g);
}

static void
old_ones_go_one_by_one(void **state)
{
	struct grants *g = grants_new(4);
	int64_t life = (GRANT_LIFE_S + 1) * 1000;
	enum err_code code;

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(use(g, i, i * 10, &code), 0);
	assert_int_equal(use(g, 9, life - 1, &code), -1);
	assert_int_equal(use(g, 4, life + 10, &code), 0);
	assert_int_equal(use(g, 5, life + 10, &code), 0);
	assert_int_equal(use(g, 9, life + 10, &code), -1);
	assert_int_equal(use(g, 2, life + 10, &code), -1);
	assert_int_equal(code, ERR_UNAUTHENTICATED);
	grants_free(g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_second_use_is_refused),
		cmocka_unit_test(the_set_is_bounded_and_forgets),
		cmocka_unit_test(old_ones_go_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
