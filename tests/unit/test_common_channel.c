#include "channel.h"

#include "../support/field_table_check.h"

static void
names_go_both_ways(void **state)
{
	(void)state;
	for (int op = STREAM_OP_NONE + 1; op < STREAM_OP_COUNT; op++)
		assert_int_equal(stream_op_from_name(stream_op_name(op)), op);
	assert_int_equal(stream_op_from_name("none"), STREAM_OP_NONE);
	assert_int_equal(stream_op_from_name(""), STREAM_OP_NONE);
	assert_int_equal(stream_op_from_name("exec "), STREAM_OP_NONE);
	assert_string_equal(stream_op_name(STREAM_OP_COUNT), "none");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_go_both_ways),
		FIELD_TABLE_TESTS(hello),
		FIELD_TABLE_TESTS(welcome),
		FIELD_TABLE_TESTS(claim),
		FIELD_TABLE_TESTS(claim_end),
		FIELD_TABLE_TESTS(exec),
		FIELD_TABLE_TESTS(exec_end),
		FIELD_TABLE_TESTS(exec_item),
		FIELD_TABLE_TESTS(exec_ref),
		FIELD_TABLE_TESTS(file_list),
		FIELD_TABLE_TESTS(file_item),
		FIELD_TABLE_TESTS(file_read),
		FIELD_TABLE_TESTS(file_write),
		FIELD_TABLE_TESTS(file_path),
		FIELD_TABLE_TESTS(file_mkdir),
		FIELD_TABLE_TESTS(file_move),
		FIELD_TABLE_TESTS(git_file),
		FIELD_TABLE_TESTS(stream_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
