/* The whole matrix of row state x VM state x lease x age. */
#include "../support/cmocka_all.h"

#include <string.h>

#include "keeper/decide.h"

#define NO_ROW DECIDE_NO_ROW
#define YOUNG 0
#define OLD (60 * 1000)

/* What may be decided for a row and a VM when the lease is over and it has
 * looked so for long; a '.' is nothing. Columns: absent creating running paused
 * exited destroying destroyed. */
static const struct {
	int row;
	const char *actions;
} matrix[] = {
	{SANDBOX_creating, "uuuuuuu"}, /* undo */
	{SANDBOX_running, "f...f.f"},  /* fail */
	{SANDBOX_pausing, "f.ppf.f"},  /* pause */
	{SANDBOX_paused, "f...f.f"},
	{SANDBOX_resuming, "f.rrf.f"}, /* back to paused */
	{SANDBOX_error, "......."},
	{SANDBOX_destroying, "FFFFFFF"}, /* finish */
	{SANDBOX_destroyed, ".ooooo."},	 /* orphan */
	{NO_ROW, ".ooooo."},
};

static const struct {
	char letter;
	enum decide_action action;
	bool needs_lease_over;
} letters[] = {
	{'.', DECIDE_NONE, false},   {'u', DECIDE_UNDO, true},
	{'f', DECIDE_FAIL, false},   {'F', DECIDE_FINISH, true},
	{'o', DECIDE_ORPHAN, false}, {'p', DECIDE_PAUSE, true},
	{'r', DECIDE_REPAUSE, true},
};

static void
check_cell(int row, enum vmctl_state vm, char letter)
{
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
		struct decide_facts f = {row, vm, true, OLD};

		if (letters[i].letter != letter)
			continue;
		assert_int_equal(decide(&f), letters[i].action);
		f.lease_over = false;
		assert_int_equal(decide(&f), letters[i].needs_lease_over
						     ? DECIDE_NONE
						     : letters[i].action);
		return;
	}
	fail_msg("letter %c", letter);
}

static void
every_state_has_a_line(void **state)
{
	(void)state;
	assert_int_equal(sizeof(matrix) / sizeof(matrix[0]),
			 SANDBOX_STATE_COUNT + 1);
	for (int row = 0; row < SANDBOX_STATE_COUNT; row++)
		assert_int_equal(matrix[row].row, row);
}

static void
whole_matrix(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(matrix) / sizeof(matrix[0]); i++) {
		assert_int_equal(strlen(matrix[i].actions), VMCTL_STATE_COUNT);
		for (int vm = 0; vm < VMCTL_STATE_COUNT; vm++)
			check_cell(matrix[i].row, (enum vmctl_state)vm,
				   matrix[i].actions[vm]);
	}
}

/* What is new is left alone, but for an exit, which vmctl saw itself, and for
 * leases, which have an age of their own. */
static void
ages(void **state)
{
	static const struct {
		int row;
		enum vmctl_state vm;
		int64_t least_ms;
	} waits[] = {
		{SANDBOX_creating, VMCTL_STATE_absent, 0},
		{SANDBOX_destroying, VMCTL_STATE_running, 0},
		{SANDBOX_running, VMCTL_STATE_exited, 0},
		{SANDBOX_pausing, VMCTL_STATE_running, 0},
		{SANDBOX_resuming, VMCTL_STATE_paused, 0},
		{SANDBOX_paused, VMCTL_STATE_exited, 0},
		{SANDBOX_paused, VMCTL_STATE_absent, 5000},
		{SANDBOX_running, VMCTL_STATE_absent, 5000},
		{SANDBOX_running, VMCTL_STATE_destroyed, 5000},
		{SANDBOX_destroyed, VMCTL_STATE_running, 10000},
		{SANDBOX_destroyed, VMCTL_STATE_exited, 10000},
		{SANDBOX_destroyed, VMCTL_STATE_destroying, 30000},
		{NO_ROW, VMCTL_STATE_running, 10000},
		{NO_ROW, VMCTL_STATE_creating, 10000},
		{NO_ROW, VMCTL_STATE_destroying, 30000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		struct decide_facts f = {waits[i].row, waits[i].vm, true,
					 waits[i].least_ms};

		assert_int_not_equal(decide(&f), DECIDE_NONE);
		f.age_ms = waits[i].least_ms - 1;
		if (waits[i].least_ms > 0)
			assert_int_equal(decide(&f), DECIDE_NONE);
	}
}

/* Only what waits for an age is watched; the fleet that is well costs nothing. */
static void
normal_is_what_needs_no_age(void **state)
{
	(void)state;
	for (int row = NO_ROW; row < SANDBOX_STATE_COUNT; row++) {
		for (int vm = 0; vm < VMCTL_STATE_COUNT; vm++) {
			struct decide_facts f = {row, (enum vmctl_state)vm,
						 true, YOUNG};
			enum decide_action young = decide(&f);

			f.age_ms = OLD;
			assert_int_equal(decide_normal(row, f.vm),
					 decide(&f) == young);
		}
	}
}

/* No decision asks for a move that sandbox_state.def does not have. */
static void
moves_are_legal(void **state)
{
	(void)state;
	for (int row = 0; row < SANDBOX_STATE_COUNT; row++) {
		for (int vm = 0; vm < VMCTL_STATE_COUNT; vm++) {
			struct decide_facts f = {row, (enum vmctl_state)vm,
						 true, OLD};
			enum decide_action a = decide(&f);
			enum sandbox_state from = (enum sandbox_state)row;

			if (a == DECIDE_FAIL)
				assert_true(sandbox_move_legal(from,
							       SANDBOX_error));
			if (a == DECIDE_UNDO)
				assert_true(sandbox_move_legal(
					from, SANDBOX_destroying));
			if (a == DECIDE_PAUSE)
				assert_true(sandbox_move_legal(from,
							       SANDBOX_paused));
			if (a == DECIDE_REPAUSE)
				assert_true(sandbox_move_legal(
					from, SANDBOX_pausing));
			if (a == DECIDE_FINISH)
				assert_true(sandbox_move_legal(
					from, SANDBOX_destroyed));
		}
	}
}

static void
names_differ(void **state)
{
	(void)state;
	for (int a = 0; a < DECIDE_ACTION_COUNT; a++) {
		for (int b = a + 1; b < DECIDE_ACTION_COUNT; b++)
			assert_string_not_equal(
				decide_action_name((enum decide_action)a),
				decide_action_name((enum decide_action)b));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_has_a_line),
		cmocka_unit_test(whole_matrix),
		cmocka_unit_test(ages),
		cmocka_unit_test(normal_is_what_needs_no_age),
		cmocka_unit_test(moves_are_legal),
		cmocka_unit_test(names_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
