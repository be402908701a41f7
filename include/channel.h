/*
 * The records of the channel protocol; frames are in frame.h. Every path is
 * percent-encoded (text_add_pct), since a file name may hold any byte but NUL
 * and '/'. A relative path starts at /workspace.
 */
#pragma once

#include <stdint.h>

#include "field.h"

#define CHANNEL_VERSION 1
#define CHANNEL_WINDOW (256 * 1024) /* credit of a new stream, each way */
#define CHANNEL_STREAMS_MAX 128	    /* open at once */
#define CHANNEL_EXECS_MAX 32	    /* running at once */
#define CHANNEL_PATH_MAX 4096	    /* bytes, decoded */
#define CHANNEL_OUTPUT_HEAD \
	(1 << 20) /* bytes of an exec's output kept in the agent */
#define CHANNEL_OUTPUT_TAIL (1 << 20)
#define CHANNEL_KEEP_S 3600	     /* unacknowledged results */
#define CHANNEL_PLAN_LIST_MAX 64     /* packages of one kind */
#define CHANNEL_PLAN_OUTPUT_MAX 4096 /* bytes kept of what a step printed */
#define CHANNEL_PLAN_STEPS_MAX 16
#define CHANNEL_PLAN_MS 3600000 /* for all its steps */

enum stream_op {
	STREAM_OP_NONE,
#define STREAM_OP(name, durable) STREAM_OP_##name,
#include "channel.def"
#undef STREAM_OP
	STREAM_OP_COUNT
};

const char *stream_op_name(enum stream_op op);
enum stream_op stream_op_from_name(
	const char *name); /* STREAM_OP_NONE if unknown */

/* DATA flags of an exec, agent to gateway. */
#define DATA_STDOUT 1
#define DATA_STDERR 2
/* Both ways: the last DATA of this direction; may be empty. */
#define DATA_EOF 0x80

/* In HELLO and WELCOME after magic and nonce. */
#define HELLO_FIELDS(F, S) \
	F(S, INT, version, 1, 1000, FIELD_REQUIRED) \
	F(S, ARR, caps, 0, 64, 0)
FIELDS_DECLARE(hello, HELLO_FIELDS)
#define WELCOME_FIELDS(F, S) \
	F(S, INT, version, 1, 1000, FIELD_REQUIRED) \
	F(S, ARR, caps, 0, 64, 0) \
	F(S, STR, boot_id, 1, 64, FIELD_REQUIRED) \
	F(S, BOOL, claimed, 0, 0, FIELD_REQUIRED) \
	F(S, STR, agent_version, 1, 64, FIELD_REQUIRED)
FIELDS_DECLARE(welcome, WELCOME_FIELDS)

/* OPEN payload: {"op":name, ...the record of that operation}. */

/* claim: makes a booted VM one sandbox's. Repeating it with the same sandbox
 * sets the clock and the entropy again and keeps the rest. */
#define CLAIM_FIELDS(F, S) \
	F(S, STR, sandbox, 21, 21, FIELD_REQUIRED) \
	F(S, STR, entropy, 88, 88, \
	  FIELD_REQUIRED | FIELD_SECRET) /* base64 of 64 bytes */ \
	F(S, INT, realtime_us, 0, INT64_MAX, FIELD_REQUIRED) \
	F(S, STR, hostname, 1, 63, FIELD_REQUIRED) \
	F(S, STR, machine_id, 32, 32, FIELD_REQUIRED) \
	F(S, OBJ, env, 0, 256, \
	  FIELD_SECRET) /* for execs and login shells; tmpfs only */
FIELDS_DECLARE(claim, CLAIM_FIELDS)
#define CLAIM_END_FIELDS(F, S) \
	F(S, STR, kernel, 1, 128, FIELD_REQUIRED) /* uname -r of the guest */ \
	F(S, INT, boot_us, 0, INT64_MAX, \
	  FIELD_REQUIRED) /* from kernel start to agent ready */ \
	F(S, INT, realtime_us, 0, INT64_MAX, FIELD_REQUIRED)
FIELDS_DECLARE(claim_end, CLAIM_END_FIELDS)

/* exec: REPLY {} once started, DATA (stdout, stderr in order of reading), END.
 * The gateway sends stdin as DATA when `stdin` is true; else it is /dev/null.
 * Exactly one of command (bash -lc) and argv. */
#define EXEC_FIELDS(F, S) \
	F(S, STR, exec, 21, 21, FIELD_REQUIRED) \
	F(S, STR, command, 1, 65536, 0) \
	F(S, ARR, argv, 1, 1024, 0) \
	F(S, STR, cwd, 1, 3 * CHANNEL_PATH_MAX, 0) \
	F(S, OBJ, env, 0, 256, FIELD_SECRET) \
	F(S, STR, user, 1, 32, 0) /* default cage */ \
	F(S, INT, timeout_ms, 1, 3600000, FIELD_REQUIRED) \
	F(S, BOOL, stdin, 0, 0, 0)
FIELDS_DECLARE(exec, EXEC_FIELDS)
/* cause: exit | signal | timeout | oom | killed. exit_code: the command's own,
 * 128 + n for signal n, 124 for timeout, 137 for oom and killed. */
#define EXEC_END_FIELDS(F, S) \
	F(S, STR, exec, 21, 21, FIELD_REQUIRED) \
	F(S, INT, exit_code, 0, 255, FIELD_REQUIRED) \
	F(S, STR, cause, 1, 16, FIELD_REQUIRED) \
	F(S, INT, started_us, 0, INT64_MAX, FIELD_REQUIRED) \
	F(S, INT, duration_us, 0, INT64_MAX, \
	  FIELD_REQUIRED) /* in the guest: fork to wait */ \
	F(S, INT, stdout_bytes, 0, INT64_MAX, FIELD_REQUIRED) \
	F(S, INT, stderr_bytes, 0, INT64_MAX, FIELD_REQUIRED) \
	F(S, INT, dropped_bytes, 0, INT64_MAX, \
	  FIELD_REQUIRED) /* never sent on this stream */
FIELDS_DECLARE(exec_end, EXEC_END_FIELDS)

/* exec_list: END {"execs":[exec_item...]}: running, and ended but not acknowledged. */
#define EXEC_ITEM_FIELDS(F, S) \
	F(S, STR, exec, 21, 21, FIELD_REQUIRED) \
	F(S, BOOL, running, 0, 0, FIELD_REQUIRED)
FIELDS_DECLARE(exec_item, EXEC_ITEM_FIELDS)
/* exec_attach: as exec, from the start of what is kept. exec_ack: END {}. */
#define EXEC_REF_FIELDS(F, S) F(S, STR, exec, 21, 21, FIELD_REQUIRED)
FIELDS_DECLARE(exec_ref, EXEC_REF_FIELDS)

/*
 * plan: makes a sandbox ready, one step after another: clones the repository,
 * installs packages and agents, runs the script. REPLY {} at once; DATA is one
 * JSON plan_result per line, as steps end; END {} after the last. A step that
 * fails is the last.
 *
 * A guest has one plan. It runs to its end whatever becomes of the stream, and
 * what its steps gave is kept as long as the guest lives: a repeated `plan`
 * starts nothing, takes the stream over and gets every step from the first.
 */
#define PLAN_FIELDS(F, S) \
	F(S, STR, repo, 1, 2048, 0) \
	F(S, STR, repo_token, 1, 1024, FIELD_SECRET) \
	F(S, STR, repo_branch, 1, 255, 0) \
	F(S, STR, repo_commit, 1, 64, 0) \
	F(S, STR, repo_subdir, 1, 1024, 0) \
	F(S, ARR, apt, 1, CHANNEL_PLAN_LIST_MAX, 0) \
	F(S, ARR, npm, 1, CHANNEL_PLAN_LIST_MAX, 0) \
	F(S, ARR, pip, 1, CHANNEL_PLAN_LIST_MAX, 0) \
	F(S, ARR, agents, 1, 8, 0) /* names of agents.def */ \
	F(S, STR, init_script, 1, 32768, FIELD_SECRET)
FIELDS_DECLARE(plan, PLAN_FIELDS)
#define PLAN_RESULT_FIELDS(F, S) \
	F(S, STR, step, 1, 32, FIELD_REQUIRED) \
	F(S, INT, exit_code, 0, 255, FIELD_REQUIRED) \
	F(S, INT, duration_ms, 0, INT64_MAX, FIELD_REQUIRED) \
	F(S, STR, output, 0, 3 * CHANNEL_PLAN_OUTPUT_MAX + 64, FIELD_REQUIRED)
FIELDS_DECLARE(plan_result, PLAN_RESULT_FIELDS)

/* file_list: DATA is one JSON file_item per line; END {"truncated":bool}. */
#define FILE_LIST_FIELDS(F, S) \
	F(S, STR, path, 1, 3 * CHANNEL_PATH_MAX, FIELD_REQUIRED) \
	F(S, BOOL, recursive, 0, 0, 0) \
	F(S, INT, limit, 1, 100000, FIELD_REQUIRED)
FIELDS_DECLARE(file_list, FILE_LIST_FIELDS)
#define FILE_ITEM_FIELDS(F, S) \
	F(S, STR, path, 1, 3 * CHANNEL_PATH_MAX, \
	  FIELD_REQUIRED) /* absolute */ \
	F(S, STR, type, 4, 9, \
	  FIELD_REQUIRED) /* file directory symlink other */ \
	F(S, INT, size, 0, INT64_MAX, FIELD_REQUIRED) \
	F(S, INT, mtime_us, INT64_MIN, INT64_MAX, FIELD_REQUIRED) \
	F(S, INT, mode, 0, 07777, FIELD_REQUIRED)
FIELDS_DECLARE(file_item, FILE_ITEM_FIELDS)

/* file_read: REPLY file_item of the (regular) file, DATA, END {}. Sends bytes
 * [offset, offset + length) cut at the file's size; length absent = to the end.
 * suffix > 0: the last `suffix` bytes. RANGE_NOT_SATISFIABLE past the end. */
#define FILE_READ_FIELDS(F, S) \
	F(S, STR, path, 1, 3 * CHANNEL_PATH_MAX, FIELD_REQUIRED) \
	F(S, INT, offset, 0, INT64_MAX, 0) \
	F(S, INT, length, 1, INT64_MAX, 0) \
	F(S, INT, suffix, 1, INT64_MAX, 0) \
	F(S, BOOL, stat_only, 0, 0, 0)
FIELDS_DECLARE(file_read, FILE_READ_FIELDS)

/* file_write: gateway sends DATA ... DATA_EOF; the agent writes a temporary
 * file beside the target and renames it (append: opens O_APPEND); parents are
 * made. A RESET before EOF changes nothing. END file_item. */
#define FILE_WRITE_FIELDS(F, S) \
	F(S, STR, path, 1, 3 * CHANNEL_PATH_MAX, FIELD_REQUIRED) \
	F(S, BOOL, append, 0, 0, 0) \
	F(S, INT, mode, 0, 0777, \
	  0) /* default: keep the old file's, else 0644 */
FIELDS_DECLARE(file_write, FILE_WRITE_FIELDS)

/* file_delete: recursive for folders; never follows a link. END {}. */
#define FILE_PATH_FIELDS(F, S) \
	F(S, STR, path, 1, 3 * CHANNEL_PATH_MAX, FIELD_REQUIRED)
FIELDS_DECLARE(file_path, FILE_PATH_FIELDS)
/* file_mkdir: with parents; an existing folder is fine. END file_item. */
#define FILE_MKDIR_FIELDS(F, S) \
	F(S, STR, path, 1, 3 * CHANNEL_PATH_MAX, FIELD_REQUIRED) \
	F(S, INT, mode, 0, 0777, 0)
FIELDS_DECLARE(file_mkdir, FILE_MKDIR_FIELDS)
/* file_move: rename; replaces a file unless `overwrite` is false. END file_item. */
#define FILE_MOVE_FIELDS(F, S) \
	F(S, STR, from, 1, 3 * CHANNEL_PATH_MAX, FIELD_REQUIRED) \
	F(S, STR, to, 1, 3 * CHANNEL_PATH_MAX, FIELD_REQUIRED) \
	F(S, BOOL, overwrite, 0, 0, 0)
FIELDS_DECLARE(file_move, FILE_MOVE_FIELDS)

/* git_diff: DATA is the staged diff until the first DATA_EOF, then the unstaged
 * diff until the second; END {"files":[git_file...],"truncated":bool}. The
 * agent cuts each diff at 4 MiB and the list at 500 files. */
#define GIT_FILE_FIELDS(F, S) \
	F(S, STR, path, 1, 3 * CHANNEL_PATH_MAX, FIELD_REQUIRED) \
	F(S, STR, status, 1, 16, \
	  FIELD_REQUIRED) /* modified added deleted renamed untracked */
FIELDS_DECLARE(git_file, GIT_FILE_FIELDS)

/* ERROR */
#define STREAM_ERROR_FIELDS(F, S) \
	F(S, STR, code, 1, 64, FIELD_REQUIRED) \
	F(S, STR, message, 0, 512, FIELD_REQUIRED)
FIELDS_DECLARE(stream_error, STREAM_ERROR_FIELDS)
