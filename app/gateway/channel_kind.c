#include "channel_kind.h"

FIELDS_DEFINE(exec_list_end, EXEC_LIST_END_FIELDS)
FIELDS_DEFINE(file_list_end, FILE_LIST_END_FIELDS)
FIELDS_DEFINE(git_diff_end, GIT_DIFF_END_FIELDS)

static const struct field_table empty = {.name = "empty"};

#define OUTPUT_FLAGS (DATA_STDOUT | DATA_STDERR | DATA_EOF)

const struct stream_kind kind_claim = {
	.op = "claim",
	.open = &claim_fields,
	.end = &claim_end_fields,
	.stamp = "realtime_us",
};
const struct stream_kind kind_exec = {
	.op = "exec",
	.open = &exec_fields,
	.reply = &empty,
	.end = &exec_end_fields,
	.data_flags = OUTPUT_FLAGS,
};
const struct stream_kind kind_exec_list = {
	.op = "exec_list",
	.open = &empty,
	.end = &exec_list_end_fields,
};
const struct stream_kind kind_exec_attach = {
	.op = "exec_attach",
	.open = &exec_ref_fields,
	.reply = &empty,
	.end = &exec_end_fields,
	.data_flags = OUTPUT_FLAGS,
};
const struct stream_kind kind_exec_ack = {
	.op = "exec_ack",
	.open = &exec_ref_fields,
	.end = &empty,
};
const struct stream_kind kind_plan = {
	.op = "plan",
	.open = &plan_fields,
	.reply = &empty,
	.end = &empty,
	.data_flags = DATA_EOF,
};
const struct stream_kind kind_file_list = {
	.op = "file_list",
	.open = &file_list_fields,
	.end = &file_list_end_fields,
	.data_flags = DATA_EOF,
};
const struct stream_kind kind_file_read = {
	.op = "file_read",
	.open = &file_read_fields,
	.reply = &file_item_fields,
	.end = &empty,
	.data_flags = DATA_EOF,
};
const struct stream_kind kind_file_write = {
	.op = "file_write",
	.open = &file_write_fields,
	.reply = &empty,
	.end = &file_item_fields,
};
const struct stream_kind kind_file_delete = {
	.op = "file_delete",
	.open = &file_path_fields,
	.end = &empty,
};
const struct stream_kind kind_file_mkdir = {
	.op = "file_mkdir",
	.open = &file_mkdir_fields,
	.end = &file_item_fields,
};
const struct stream_kind kind_file_move = {
	.op = "file_move",
	.open = &file_move_fields,
	.end = &file_item_fields,
};
const struct stream_kind kind_git_diff = {
	.op = "git_diff",
	.open = &file_path_fields,
	.end = &git_diff_end_fields,
	.data_flags = DATA_EOF,
};
