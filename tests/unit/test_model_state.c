/* The sandbox's life: properties that every state table must have. */
#include "../support/cmocka_all.h"

#include <string.h>

#include "model/sandbox.h"

static void
names_are_unique_and_found(void **state)
{
	(void)state;
	for (int i = 0; i < SANDBOX_STATE_COUNT; i++)
		assert_int_equal(sandbox_state_from_name(sandbox_state_name(
					 (enum sandbox_state)i)),
				 i);
	assert_int_equal(sandbox_state_from_name("sleeping"), -1);
	assert_int_equal(sandbox_state_from_name(""), -1);
}

static void
statuses_are_public(void **state)
{
	static const char *const known[] = {"pending", "running", "paused",
					    "stopped", "error",	  "destroyed"};

	(void)state;
	for (int i = 0; i < SANDBOX_STATE_COUNT; i++) {
		const char *s = sandbox_state_status((enum sandbox_state)i);
		size_t at = 0;

		while (at < 6 && strcmp(known[at], s) != 0)
			at++;
		assert_in_range(at, 0, 5);
	}
}

static bool
reaches(enum sandbox_state from, enum sandbox_state to, int steps)
{
	if (from == to)
		return true;
	for (int i = 0; steps > 0 && i < SANDBOX_STATE_COUNT; i++)
		if (sandbox_move_legal(from, (enum sandbox_state)i) &&
		    reaches((enum sandbox_state)i, to, steps - 1))
			return true;
	return false;
}

static void
every_state_can_be_destroyed(void **state)
{
	(void)state;
	for (int i = 0; i < SANDBOX_STATE_COUNT; i++) {
		enum sandbox_state s = (enum sandbox_state)i;

		assert_true(reaches(s, SANDBOX_destroyed, SANDBOX_STATE_COUNT));
		if (s != SANDBOX_destroying && s != SANDBOX_destroyed)
			assert_true(sandbox_move_legal(s, SANDBOX_destroying));
	}
}

static void
destroying_cannot_be_taken_back(void **state)
{
	(void)state;
	for (int i = 0; i < SANDBOX_STATE_COUNT; i++) {
		enum sandbox_state s = (enum sandbox_state)i;

		assert_false(sandbox_move_legal(SANDBOX_destroyed, s));
		assert_int_equal(sandbox_move_legal(SANDBOX_destroying, s),
				 s == SANDBOX_destroyed);
	}
}

static void
no_state_moves_to_itself(void **state)
{
	(void)state;
	for (int i = 0; i < SANDBOX_STATE_COUNT; i++)
		assert_false(sandbox_move_legal((enum sandbox_state)i,
						(enum sandbox_state)i));
}

static void
every_state_is_reached_from_creating(void **state)
{
	(void)state;
	for (int i = 0; i < SANDBOX_STATE_COUNT; i++)
		assert_true(reaches(SANDBOX_creating, (enum sandbox_state)i,
				    SANDBOX_STATE_COUNT));
}

/* What somebody is working at must have a way on; what is public as destroyed
 * must not count against the quota, and everything else must. */
static void
flags_fit_the_moves(void **state)
{
	(void)state;
	for (int i = 0; i < SANDBOX_STATE_COUNT; i++) {
		enum sandbox_state s = (enum sandbox_state)i;
		bool gone = strcmp(sandbox_state_status(s), "destroyed") == 0;
		bool exits = false;

		for (int to = 0; to < SANDBOX_STATE_COUNT; to++)
			exits |= sandbox_move_legal(s, (enum sandbox_state)to);
		if (sandbox_state_transient(s))
			assert_true(exits);
		assert_int_equal(sandbox_state_counts(s), !gone);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_unique_and_found),
		cmocka_unit_test(statuses_are_public),
		cmocka_unit_test(every_state_can_be_destroyed),
		cmocka_unit_test(destroying_cannot_be_taken_back),
		cmocka_unit_test(no_state_moves_to_itself),
		cmocka_unit_test(every_state_is_reached_from_creating),
		cmocka_unit_test(flags_fit_the_moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
