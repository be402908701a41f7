#include "vmctl_proto.h"

#include "../support/field_table_check.h"

static void
every_operation_is_whole(void **state)
{
	(void)state;
	for (int i = 0; i < VMCTL_OP_COUNT; i++) {
		const struct vmctl_op_row *op = &vmctl_ops[i];

		assert_non_null(op->name);
		assert_non_null(op->args);
		assert_non_null(op->reply);
		assert_in_range(op->deadline_ms, 1, 60000);
		assert_int_equal(op->roles & ~(unsigned)ROLE_ANY, 0);
		assert_int_not_equal(op->roles, 0);
		/* About the host, or about a VM in some state. */
		assert_int_equal((op->flags & VMCTL_HOST) != 0,
				 op->states == 0);
	}
}

static bool
has_field(const struct field_table *t, const char *name)
{
	for (size_t i = 0; i < t->count; i++)
		if (strcmp(t->fields[i].name, name) == 0)
			return t->fields[i].flags & FIELD_REQUIRED;
	return false;
}

static void
arguments_follow_the_flags(void **state)
{
	(void)state;
	for (int i = 0; i < VMCTL_OP_COUNT; i++) {
		const struct vmctl_op_row *op = &vmctl_ops[i];

		assert_int_equal(has_field(op->args, "op_id"),
				 (op->flags & VMCTL_MUTATES) != 0);
		assert_int_equal(has_field(op->args, "sandbox"),
				 (op->flags & VMCTL_HOST) == 0);
	}
}

static void
names_go_both_ways(void **state)
{
	(void)state;
	for (int s = 0; s < VMCTL_STATE_COUNT; s++)
		assert_int_equal(vmctl_state_from_name(vmctl_state_name(s)), s);
	assert_int_equal(vmctl_state_from_name("sleeping"), -1);
	assert_string_equal(vmctl_state_name(VMCTL_STATE_COUNT), "unknown");
	assert_string_equal(vmctl_role_name(ROLE_KEEPER), "keeper");
	assert_string_equal(vmctl_role_name(ROLE_API | ROLE_GATEWAY),
			    "unknown");
}

/* No proper prefix of a packet is a packet. */
static void
check_prefixes(const struct field_table *t)
{
	auto_json json_t *rec = object_at(t, EDGE_LO, true);
	auto_json json_t *packet =
		json_pack("{s:i,s:s,s:O}", "id", 7, "op", "stat", "args", rec);
	auto_free char *text = json_text(packet);
	size_t n = strlen(text);
	struct err e = {0};

	for (size_t i = 0; i < n; i++) {
		e.code = ERR_NONE;
		assert_null(json_parse(text, i, 8, &e));
		assert_int_equal(e.code, ERR_INVALID_REQUEST);
	}
	auto_json json_t *whole = json_parse(text, n, 8, &e);
	assert_true(json_equal(whole, packet));
}

static void
cut_packets_are_refused(void **state)
{
	(void)state;
	for (int i = 0; i < VMCTL_OP_COUNT; i++) {
		check_prefixes(vmctl_ops[i].args);
		check_prefixes(vmctl_ops[i].reply);
	}
}

/* A full page must fit in one packet, at the bounds of every field. */
static void
full_page_fits_a_packet(void **state)
{
	(void)state;
	auto_json json_t *vms = json_array();
	auto_json json_t *packet = NULL;
	auto_free char *text = NULL;

	for (int i = 0; i < VMCTL_LIST_PAGE; i++)
		json_array_append_new(
			vms, object_at(&vmctl_vm_fields, EDGE_HI, true));
	packet = json_pack("{s:I,s:{s:O,s:b}}", "id", (json_int_t)INT64_MAX,
			   "ok", "vms", vms, "more", 1);
	text = json_text(packet);
	assert_in_range(strlen(text), 1, VMCTL_PACKET_MAX);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_operation_is_whole),
		cmocka_unit_test(arguments_follow_the_flags),
		cmocka_unit_test(names_go_both_ways),
		cmocka_unit_test(cut_packets_are_refused),
		cmocka_unit_test(full_page_fits_a_packet),
		FIELD_TABLE_TESTS(vmctl_request),
		FIELD_TABLE_TESTS(vmctl_reply),
		FIELD_TABLE_TESTS(vmctl_error),
		FIELD_TABLE_TESTS(vmctl_create_args),
		FIELD_TABLE_TESTS(vmctl_destroy_args),
		FIELD_TABLE_TESTS(vmctl_sandbox_args),
		FIELD_TABLE_TESTS(vmctl_list_args),
		FIELD_TABLE_TESTS(vmctl_no_args),
		FIELD_TABLE_TESTS(vmctl_vm),
		FIELD_TABLE_TESTS(vmctl_empty_reply),
		FIELD_TABLE_TESTS(vmctl_list_reply),
		FIELD_TABLE_TESTS(vmctl_host_info),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
