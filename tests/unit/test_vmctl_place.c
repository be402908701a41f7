/* Capacity: exactly what is left is granted, one byte less is refused. */
#include "../support/cmocka_all.h"
#include "err.h"

#include "../../vmctl/place.h"

#define MIB (INT64_C(1) << 20)
#define GIB (INT64_C(1) << 30)

static const struct place roomy = {
	.memory_free = (512 + PLACE_OVERHEAD_MB + 100) * MIB,
	.memory_reserve = 100 * MIB,
	.disk_size = 10 * GIB,
	.disk_promised = 15 * GIB,
	.overcommit = 2,
};

static void
memory(void **state)
{
	struct place p = roomy;
	struct err e;

	(void)state;
	assert_int_equal(place_check(&p, 512, 1, &e), 0);
	assert_int_equal(place_check(&p, 513, 1, &e), -1);
	assert_int_equal(e.code, ERR_SANDBOX_CAPACITY);
	p.memory_free--;
	assert_int_equal(place_check(&p, 512, 1, &e), -1);
	p.memory_free = -5 * GIB; /* more was promised than there is */
	assert_int_equal(place_check(&p, 128, 1, &e), -1);
}

static void
disk(void **state)
{
	struct place p = roomy;
	struct err e;

	(void)state;
	assert_int_equal(place_check(&p, 512, 5, &e), 0);
	assert_int_equal(place_check(&p, 512, 6, &e), -1);
	assert_int_equal(e.code, ERR_SANDBOX_CAPACITY);
	p.disk_size = 0; /* it could not be read */
	assert_int_equal(place_check(&p, 512, 1, &e), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory),
		cmocka_unit_test(disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
