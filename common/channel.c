#include "channel.h"

#include <string.h>

static const char *const names[STREAM_OP_COUNT] = {
#define STREAM_OP(name, durable) [STREAM_OP_##name] = #name,
#include "channel.def"
#undef STREAM_OP
};

const char *
stream_op_name(enum stream_op op)
{
	return op > STREAM_OP_NONE && op < STREAM_OP_COUNT ? names[op] : "none";
}

enum stream_op
stream_op_from_name(const char *name)
{
	for (int i = STREAM_OP_NONE + 1; i < STREAM_OP_COUNT; i++)
		if (strcmp(names[i], name) == 0)
			return (enum stream_op)i;
	return STREAM_OP_NONE;
}

FIELDS_DEFINE(hello, HELLO_FIELDS)
FIELDS_DEFINE(welcome, WELCOME_FIELDS)
FIELDS_DEFINE(claim, CLAIM_FIELDS)
FIELDS_DEFINE(claim_end, CLAIM_END_FIELDS)
FIELDS_DEFINE(exec, EXEC_FIELDS)
FIELDS_DEFINE(exec_end, EXEC_END_FIELDS)
FIELDS_DEFINE(exec_item, EXEC_ITEM_FIELDS)
FIELDS_DEFINE(exec_ref, EXEC_REF_FIELDS)
FIELDS_DEFINE(plan, PLAN_FIELDS)
FIELDS_DEFINE(plan_result, PLAN_RESULT_FIELDS)
FIELDS_DEFINE(file_list, FILE_LIST_FIELDS)
FIELDS_DEFINE(file_item, FILE_ITEM_FIELDS)
FIELDS_DEFINE(file_read, FILE_READ_FIELDS)
FIELDS_DEFINE(file_write, FILE_WRITE_FIELDS)
FIELDS_DEFINE(file_path, FILE_PATH_FIELDS)
FIELDS_DEFINE(file_mkdir, FILE_MKDIR_FIELDS)
FIELDS_DEFINE(file_move, FILE_MOVE_FIELDS)
FIELDS_DEFINE(git_file, GIT_FILE_FIELDS)
FIELDS_DEFINE(stream_error, STREAM_ERROR_FIELDS)
