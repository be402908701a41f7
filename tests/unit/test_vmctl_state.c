/* The state file: round trips, every truncation, every damaged field. */
#include <stdio.h>
#include <string.h>

#include "../support/field_table_check.h"
#include "buf.h"

#include "../../vmctl/vm_state.h"

static void
make_full(struct vm_state *st)
{
	vm_state_init(st, "cage-0123456789abcdef");
	st->state = VMCTL_STATE_exited;
	st->op = VMCTL_OP_destroy;
	st->op_id = INT64_MAX;
	st->done = true;
	st->error = ERR_VMM_FAILED;
	snprintf(st->message, sizeof(st->message), "why \"quoted\" \\ that");
	st->boot = 7;
	st->uid = 800001;
	st->pid = 4711;
	st->start_ticks = 123456789;
	st->exe_dev = 65024;
	st->exe_ino = 99;
	snprintf(st->host_boot, sizeof(st->host_boot),
		 "5c57ccaa-4b8d-4b50-8c80-88be97b2821d");
	snprintf(st->accel, sizeof(st->accel), "tcg");
	snprintf(st->template, sizeof(st->template), "minimal");
	st->cpus = 2;
	st->memory_mb = 512;
	st->disk_gb = 5;
	memset(st->exit_cause, 'x', VM_CAUSE_SIZE - 1);
	st->changed_us = 1000000;
}

static void
print(const struct vm_state *st, struct buf *b)
{
	struct err e;

	buf_init(b, VM_STATE_FILE_MAX);
	assert_int_equal(vm_state_print(st, b, &e), 0);
}

static void
expect_same(const struct vm_state *a)
{
	auto_buf struct buf b, again;
	struct vm_state back;
	struct err e;

	print(a, &b);
	assert_int_equal(vm_state_parse(buf_str(&b), b.len, &back, &e), 0);
	print(&back, &again);
	assert_string_equal(buf_str(&b), buf_str(&again));
	assert_int_equal(back.state, a->state);
	assert_int_equal(back.op, a->op);
	assert_int_equal(back.op_id, a->op_id);
	assert_int_equal(back.error, a->error);
	assert_string_equal(back.message, a->message);
	assert_int_equal(back.start_ticks, a->start_ticks);
}

static void
round_trip(void **state)
{
	struct vm_state st;

	(void)state;
	vm_state_init(&st, "cage-0123456789abcdef");
	expect_same(&st);
	make_full(&st);
	for (int i = 0; i < VMCTL_STATE_COUNT; i++) {
		st.state = (enum vmctl_state)i;
		expect_same(&st);
	}
	for (int i = 0; i <= VMCTL_OP_COUNT; i++) {
		st.op = (enum vmctl_op)i;
		expect_same(&st);
	}
}

static void
every_prefix_is_refused(void **state)
{
	auto_buf struct buf b = {0};
	struct vm_state st, back;
	struct err e;

	(void)state;
	make_full(&st);
	print(&st, &b);
	memset(&back, 0x5a, sizeof(back));
	for (size_t n = 0; n < b.len; n++) {
		assert_int_equal(vm_state_parse(buf_str(&b), n, &back, &e), -1);
		assert_int_equal(e.code, ERR_INVALID_REQUEST);
		assert_int_equal(back.op_id, 0x5a5a5a5a5a5a5a5a);
	}
	assert_int_equal(buf_add(&b, "x", 1), 0);
	assert_int_equal(vm_state_parse(buf_str(&b), b.len, &back, &e), -1);
}

static void
expect_field_refused(const char *name, json_t *value)
{
	auto_buf struct buf b = {0};
	auto_json json_t *obj = NULL;
	auto_free char *text = NULL;
	struct vm_state st;
	struct err e;
	char line[VM_STATE_FILE_MAX];

	make_full(&st);
	print(&st, &b);
	obj = json_parse(buf_str(&b), b.len - 1, 4, &e);
	json_object_set_new(obj, name, value);
	text = json_text(obj);
	snprintf(line, sizeof(line), "%s\n", text);
	assert_int_equal(vm_state_parse(line, strlen(line), &st, &e), -1);
	assert_string_equal(e.field, name);
}

static void
wrong_names_are_refused(void **state)
{
	(void)state;
	expect_field_refused("state", json_string("resting"));
	expect_field_refused("op", json_string("explode"));
	expect_field_refused("error", json_string("no_such_error"));
	expect_field_refused("sandbox", json_string("cage-0123456789ABCDEF"));
	expect_field_refused("version", json_integer(VM_STATE_VERSION + 1));
}

/* Killing the processes of a system's user must not be one flipped byte away.
 */
static void
system_uids_are_refused(void **state)
{
	(void)state;
	expect_field_refused("uid", json_integer(1));
	expect_field_refused("uid", json_integer(VM_UID_MIN - 1));
	expect_field_refused("uid", json_integer(UINT32_MAX));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIELD_TABLE_TESTS(vm_record),
		cmocka_unit_test(round_trip),
		cmocka_unit_test(every_prefix_is_refused),
		cmocka_unit_test(wrong_names_are_refused),
		cmocka_unit_test(system_uids_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
