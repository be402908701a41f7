/* What may be said on a stream of each operation. */
#pragma once

#include <stdint.h>

#include "channel.h"
#include "field.h"

struct stream_kind {
	const char *op;
	const struct field_table *open;
	const struct field_table *reply; /* NULL: no REPLY is legal */
	const struct field_table *end;
	uint8_t data_flags; /* those that DATA may carry */
	const char *stamp;  /* field that gets the time at which OPEN goes out:
			       microseconds since 1970; or NULL */
};

#define CHANNEL_EXEC_LIST_MAX 4096

#define EXEC_LIST_END_FIELDS(F, S) \
	F(S, ARR, execs, 0, CHANNEL_EXEC_LIST_MAX, FIELD_REQUIRED)
FIELDS_DECLARE(exec_list_end, EXEC_LIST_END_FIELDS)
#define FILE_LIST_END_FIELDS(F, S) F(S, BOOL, truncated, 0, 0, FIELD_REQUIRED)
FIELDS_DECLARE(file_list_end, FILE_LIST_END_FIELDS)
#define GIT_DIFF_END_FIELDS(F, S) \
	F(S, ARR, files, 0, 500, FIELD_REQUIRED) \
	F(S, BOOL, truncated, 0, 0, FIELD_REQUIRED)
FIELDS_DECLARE(git_diff_end, GIT_DIFF_END_FIELDS)

extern const struct stream_kind kind_claim;
extern const struct stream_kind kind_exec;
extern const struct stream_kind kind_exec_list;
extern const struct stream_kind kind_exec_attach;
extern const struct stream_kind kind_exec_ack;
extern const struct stream_kind kind_plan;
extern const struct stream_kind kind_file_list;
extern const struct stream_kind kind_file_read;
extern const struct stream_kind kind_file_write;
extern const struct stream_kind kind_file_delete;
extern const struct stream_kind kind_file_mkdir;
extern const struct stream_kind kind_file_move;
extern const struct stream_kind kind_git_diff;
