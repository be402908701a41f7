/* No two VMs ever hold one uid, and a freed one rests the longest. */
#include "../support/cmocka_all.h"

#include "../../vmctl/uid_pool.h"

#define BASE 800000u

static void
gives_each_once(void **state)
{
	struct uid_pool p;

	(void)state;
	assert_int_equal(uid_pool_init(&p, BASE, 16), 0);
	for (unsigned i = 0; i < 16; i++)
		assert_int_equal(uid_pool_take(&p), BASE + i);
	assert_int_equal(uid_pool_take(&p), 0);
	uid_pool_give(&p, BASE + 5);
	assert_int_equal(uid_pool_take(&p), BASE + 5);
	assert_int_equal(uid_pool_take(&p), 0);
	uid_pool_fini(&p);
}

static void
a_freed_uid_rests(void **state)
{
	struct uid_pool p;

	(void)state;
	assert_int_equal(uid_pool_init(&p, BASE, 16), 0);
	assert_int_equal(uid_pool_take(&p), BASE);
	uid_pool_give(&p, BASE);
	for (unsigned i = 1; i < 16; i++)
		assert_int_equal(uid_pool_take(&p), BASE + i);
	assert_int_equal(uid_pool_take(&p), BASE);
	uid_pool_fini(&p);
}

static void
claims_are_respected(void **state)
{
	struct uid_pool p;

	(void)state;
	assert_int_equal(uid_pool_init(&p, BASE, 16), 0);
	assert_int_equal(uid_pool_claim(&p, BASE), 0);
	assert_int_equal(uid_pool_claim(&p, BASE), -1);
	assert_int_equal(uid_pool_claim(&p, BASE - 1), -1);
	assert_int_equal(uid_pool_claim(&p, BASE + 16), -1);
	assert_int_equal(uid_pool_claim(&p, 0), -1);
	assert_int_equal(uid_pool_take(&p), BASE + 1);
	assert_int_equal(p.used, 2);
	uid_pool_give(&p, BASE + 16); /* not ours: nothing */
	uid_pool_give(&p, 0);
	assert_int_equal(p.used, 2);
	uid_pool_fini(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_each_once),
		cmocka_unit_test(a_freed_uid_rests),
		cmocka_unit_test(claims_are_respected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
