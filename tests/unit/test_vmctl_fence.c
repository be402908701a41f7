/* Fencing by op_id, and the matrix of operation x role x state. */
#include <stdio.h>

#include "../support/cmocka_all.h"
#include "err.h"

#include "../../vmctl/fence.h"
#include "../../vmctl/vm_state.h"

/* Once more from the rows, not through vmctl_ops. */
static const struct {
	const char *name;
	unsigned roles, states, flags;
} rows[] = {
#define S(state) (1u << VMCTL_STATE_##state)
#define VMCTL_OP(name, roles, states, flags, deadline) \
	{#name, (roles), (states), (flags)},
#include "vmctl.def"
#undef VMCTL_OP
#undef S
};

static void
roles_are_the_rows(void **state)
{
	(void)state;
	for (unsigned op = 0; op < VMCTL_OP_COUNT; op++) {
		for (unsigned roles = 0; roles <= ROLE_ANY; roles++) {
			bool want = (rows[op].roles & roles) != 0;
			struct err e = {0};
			int rc = fence_role((enum vmctl_op)op, roles, &e);

			assert_int_equal(rc, want ? 0 : -1);
			assert_int_equal(e.code,
					 want ? ERR_NONE : ERR_POLICY_DENIED);
		}
	}
}

/* What must hold whatever the rows say. */
static void
secrets_of_the_matrix(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(fence_role(VMCTL_OP_open_channel, ROLE_GATEWAY, &e),
			 0);
	assert_int_equal(fence_role(VMCTL_OP_open_channel,
				    ROLE_ANY & ~(unsigned)ROLE_GATEWAY, &e),
			 -1);
	assert_int_equal(
		fence_role(VMCTL_OP_create, ROLE_GATEWAY | ROLE_KEEPER, &e),
		-1);
	for (unsigned op = 0; op < VMCTL_OP_COUNT; op++)
		assert_int_equal(fence_role((enum vmctl_op)op, 0, &e), -1);
}

static void
states_are_the_rows(void **state)
{
	(void)state;
	for (unsigned op = 0; op < VMCTL_OP_COUNT; op++) {
		if (rows[op].flags & VMCTL_HOST)
			continue;
		for (unsigned s = 0; s < VMCTL_STATE_COUNT; s++) {
			struct vm_state st;
			struct err e = {0};
			bool want = rows[op].states & (1u << s);

			vm_state_init(&st, "cage-0123456789abcdef");
			st.state = (enum vmctl_state)s;
			assert_int_equal(
				fence_state(&st, (enum vmctl_op)op, &e),
				want ? 0 : -1);
			assert_int_equal(e.code == ERR_NONE, want);
		}
	}
}

static void
every_state_can_be_destroyed(void **state)
{
	(void)state;
	for (unsigned s = 0; s < VMCTL_STATE_COUNT; s++) {
		struct vm_state st;
		struct err e;

		vm_state_init(&st, "cage-0123456789abcdef");
		st.state = (enum vmctl_state)s;
		st.op_id = 4;
		st.op = VMCTL_OP_create;
		assert_int_equal(fence_judge(&st, VMCTL_OP_destroy, 5, &e),
				 FENCE_RUN);
	}
}

static void
op_ids_only_grow(void **state)
{
	static const struct {
		enum vmctl_state st;
		enum vmctl_op seen;
		int64_t seen_id;
		bool done;
		enum vmctl_op op;
		int64_t id;
		enum fence_verdict want;
		enum err_code code;
	} cases[] = {
		{VMCTL_STATE_absent, VMCTL_OP_COUNT, 0, false, VMCTL_OP_create,
		 1, FENCE_RUN, ERR_NONE},
		/* a repeat, and one that was cut and undone */
		{VMCTL_STATE_running, VMCTL_OP_create, 1, true, VMCTL_OP_create,
		 1, FENCE_REPEAT, ERR_NONE},
		{VMCTL_STATE_absent, VMCTL_OP_create, 1, false, VMCTL_OP_create,
		 1, FENCE_RUN, ERR_NONE},
		{VMCTL_STATE_exited, VMCTL_OP_create, 1, true, VMCTL_OP_create,
		 1, FENCE_REPEAT, ERR_NONE},
		/* a late create never resurrects */
		{VMCTL_STATE_destroyed, VMCTL_OP_destroy, 2, true,
		 VMCTL_OP_create, 1, FENCE_REFUSE, ERR_STALE_OPERATION},
		{VMCTL_STATE_destroyed, VMCTL_OP_destroy, 2, true,
		 VMCTL_OP_create, 2, FENCE_REFUSE, ERR_STALE_OPERATION},
		{VMCTL_STATE_destroyed, VMCTL_OP_destroy, 2, true,
		 VMCTL_OP_create, 3, FENCE_REFUSE, ERR_SANDBOX_DESTROYED},
		/* destroys */
		{VMCTL_STATE_destroyed, VMCTL_OP_destroy, 2, true,
		 VMCTL_OP_destroy, 2, FENCE_REPEAT, ERR_NONE},
		{VMCTL_STATE_destroying, VMCTL_OP_destroy, 2, false,
		 VMCTL_OP_destroy, 2, FENCE_RUN, ERR_NONE},
		{VMCTL_STATE_running, VMCTL_OP_create, 3, true,
		 VMCTL_OP_destroy, 2, FENCE_REFUSE, ERR_STALE_OPERATION},
		{VMCTL_STATE_running, VMCTL_OP_create, 3, true,
		 VMCTL_OP_destroy, 3, FENCE_REFUSE, ERR_STALE_OPERATION},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vm_state st;
		struct err e = {0};

		vm_state_init(&st, "cage-0123456789abcdef");
		st.state = cases[i].st;
		st.op = cases[i].seen;
		st.op_id = cases[i].seen_id;
		st.done = cases[i].done;
		if (fence_judge(&st, cases[i].op, cases[i].id, &e) !=
			    cases[i].want ||
		    e.code != cases[i].code)
			fail_msg("case %zu", i);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roles_are_the_rows),
		cmocka_unit_test(secrets_of_the_matrix),
		cmocka_unit_test(states_are_the_rows),
		cmocka_unit_test(every_state_can_be_destroyed),
		cmocka_unit_test(op_ids_only_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
