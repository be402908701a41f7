/* Execs: what ran, how it ended, and its output. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "id.h"
#include "store/store.h"

#define STORE_COMMAND_MAX 65536

enum exec_status { EXEC_running, EXEC_done, EXEC_lost, EXEC_STATUS_COUNT };
const char *exec_status_name(enum exec_status s);

struct store_exec {
	char id[ID_SIZE];
	char sandbox[ID_SIZE];
	char account[ID_SIZE];
	char key[ID_SIZE];
	int64_t boot;
	enum exec_status status;
	char request_id[65];
	char cause[17]; /* exit signal timeout oom killed; else "" */
	int64_t exit_code;
	int64_t started_us, ended_us;
	int64_t duration_us; /* in the guest */
	int64_t stdout_bytes, stderr_bytes, dropped_bytes;
	char error_code[65]; /* the platform failed */
	char error_message[513];
};

/* STORE_EXEC_START .. : the items of a batch. All may be repeated. */
enum store_exec_kind {
	STORE_EXEC_START,  /* insert as running; nothing when it is there */
	STORE_EXEC_OUTPUT, /* chunk number `chunk_no` */
	STORE_EXEC_RESET, /* forget the output: it comes again from the start */
	STORE_EXEC_END,	  /* insert or update as done; final */
	STORE_EXEC_LOST,  /* running -> lost */
};
/* START and END give all of `exec` that is known, and the command; the others
 * need its id and started_us, OUTPUT the chunk too. */
struct store_exec_item {
	enum store_exec_kind kind;
	const struct store_exec *exec;
	const char *command; /* bash text, or the argv as JSON */
	bool command_is_argv;
	uint32_t chunk_no; /* 0, 1, 2, ... */
	const void *chunk; /* raw segments, see exec_chunk.h */
	size_t chunk_len;
};
#define STORE_EXEC_BATCH_MAX 256

/*
 * Writes the items, in order, in one transaction that may be run again. After
 * 0 they are durable: acknowledge to the agent. Chunks between the head and
 * the tail (exec_chunk.h) are dropped. `started_us` of an exec must stay the
 * same: its day names the partition of its output.
 */
int store_exec_save(struct store *s, const struct store_exec_item *items,
		    size_t n, struct err *e);

/* `command` (may be NULL) gets an owned text. EXEC_NOT_FOUND. */
int store_exec_get(struct store *s, const char *account, const char *sandbox,
		   const char *id, struct store_exec *out, char **out_command,
		   bool *out_is_argv, struct err *e);
/*
 * The output in order, segment by segment. `gap` is true for the first segment
 * after chunks that were dropped. Stops when fn is not 0.
 */
int store_exec_output(struct store *s, const struct store_exec *x,
		      int (*fn)(void *arg, int stream, const void *p, size_t n,
				bool gap),
		      void *arg, struct err *e);
/* The ids of the running execs of a sandbox, at most `limit`; to find those
 * that the agent does not know any more. */
int store_exec_running(struct store *s, const char *sandbox, int limit,
		       int (*fn)(void *arg, const struct store_exec *x),
		       void *arg, struct err *e);
/* The running execs of every sandbox that is not running any more -> lost. */
int store_exec_sweep(struct store *s, int64_t *out_count, struct err *e);
/* How many there are to sweep. */
int store_exec_dangling(struct store *s, int64_t *out_count, struct err *e);
