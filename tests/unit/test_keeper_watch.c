#include "../support/cmocka_all.h"

#include <stdio.h>

#include "keeper/watch.h"

static struct watch w;

static int
empty(void **state)
{
	(void)state;
	w.count = 0;
	return 0;
}

static void
counts_from_the_first_look(void **state)
{
	(void)state;
	assert_int_equal(watch_age_ms(&w, "a", 1, 1000), 0);
	assert_int_equal(watch_age_ms(&w, "b", 1, 1500), 0);
	assert_int_equal(watch_age_ms(&w, "a", 1, 3000), 2000);
	assert_int_equal(watch_age_ms(&w, "b", 1, 3000), 1500);
}

static void
another_look_starts_anew(void **state)
{
	(void)state;
	watch_age_ms(&w, "a", 1, 1000);
	assert_int_equal(watch_age_ms(&w, "a", 2, 5000), 0);
	assert_int_equal(watch_age_ms(&w, "a", 2, 6000), 1000);
	assert_int_equal(watch_age_ms(&w, "a", 1, 7000), 0);
}

static void
a_gap_starts_anew(void **state)
{
	(void)state;
	watch_age_ms(&w, "a", 1, 1000);
	watch_age_ms(&w, "b", 1, 2000);
	watch_forget(&w, 2000);
	assert_int_equal(w.count, 1);
	assert_int_equal(watch_age_ms(&w, "b", 1, 3000), 1000);
	assert_int_equal(watch_age_ms(&w, "a", 1, 3000), 0);
}

static void
full_means_just_begun(void **state)
{
	char id[ID_SIZE];

	(void)state;
	for (int i = 0; i < WATCH_MAX; i++) {
		snprintf(id, sizeof(id), "%d", i);
		watch_age_ms(&w, id, 1, 1000);
	}
	assert_int_equal(watch_age_ms(&w, "more", 1, 1000), 0);
	assert_int_equal(watch_age_ms(&w, "more", 1, 9000), 0);
	assert_int_equal(watch_age_ms(&w, "7", 1, 9000), 8000);
	assert_int_equal(w.count, WATCH_MAX);
}

static void
snoozes_until_the_time(void **state)
{
	(void)state;
	assert_false(watch_snoozed(&w, "a", 1000));
	watch_snooze(&w, "a", 1000, 5000);
	watch_forget(&w, 1000);
	assert_true(watch_snoozed(&w, "a", 4999));
	assert_false(watch_snoozed(&w, "b", 4999));
	assert_false(watch_snoozed(&w, "a", 5000));
	watch_snooze(&w, "a", 5000, 9000);
	watch_forget(&w, 5001); /* it was not seen since: no longer there */
	assert_false(watch_snoozed(&w, "a", 6000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(counts_from_the_first_look, empty),
		cmocka_unit_test_setup(another_look_starts_anew, empty),
		cmocka_unit_test_setup(a_gap_starts_anew, empty),
		cmocka_unit_test_setup(full_means_just_begun, empty),
		cmocka_unit_test_setup(snoozes_until_the_time, empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
