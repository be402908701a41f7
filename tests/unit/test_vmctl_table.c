/* The table of VMs stays ordered, whatever comes and goes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/cmocka_all.h"

#include "../../vmctl/vm.h"
#include "../../vmctl/vm_table.h"

#define COUNT 500

static const char *
id_of(int n, char out[32])
{
	/* Scattered, so that insertions hit every place. */
	snprintf(out, 32, "cage-%016d", n * 7919 % COUNT);
	return out;
}

static void
expect_ordered(const struct vm_table *t)
{
	for (size_t i = 1; i < t->count; i++)
		assert_true(strcmp(t->vms[i - 1]->st.sandbox,
				   t->vms[i]->st.sandbox) < 0);
}

static void
finds_what_was_added(void **state)
{
	struct vm_table t = {0};
	char id[32];

	(void)state;
	assert_null(vm_table_find(&t, "cage-0000000000000000"));
	for (int i = 0; i < COUNT; i++) {
		struct vm *vm = vm_table_add(&t, id_of(i, id));

		assert_non_null(vm);
		assert_int_equal(vm->exit.fd, -1);
		assert_int_equal(vm->st.state, VMCTL_STATE_absent);
		assert_ptr_equal(vm_table_find(&t, id), vm);
	}
	expect_ordered(&t);
	for (int i = 0; i < COUNT; i += 2)
		vm_table_remove(&t, vm_table_find(&t, id_of(i, id)));
	assert_int_equal(t.count, COUNT / 2);
	expect_ordered(&t);
	for (int i = 0; i < COUNT; i++)
		assert_int_equal(vm_table_find(&t, id_of(i, id)) == NULL,
				 i % 2 == 0);
	vm_table_fini(&t);
}

static void
pages_start_after_any_id(void **state)
{
	struct vm_table t = {0};

	(void)state;
	assert_int_equal(vm_table_after(&t, NULL), 0);
	vm_table_add(&t, "cage-000000000000000b");
	vm_table_add(&t, "cage-000000000000000d");
	assert_int_equal(vm_table_after(&t, NULL), 0);
	assert_int_equal(vm_table_after(&t, "cage-000000000000000a"), 0);
	assert_int_equal(vm_table_after(&t, "cage-000000000000000b"), 1);
	assert_int_equal(vm_table_after(&t, "cage-000000000000000c"), 1);
	assert_int_equal(vm_table_after(&t, "cage-000000000000000d"), 2);
	vm_table_fini(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_was_added),
		cmocka_unit_test(pages_start_after_any_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
