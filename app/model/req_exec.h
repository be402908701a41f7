/* POST /v1/sandboxes/{id}/exec: its body. */
#pragma once

#include "field.h"

struct err;

#define REQ_EXEC_TIMEOUT_S 300
#define REQ_EXEC_TIMEOUT_MAX_S 3600
#define REQ_EXEC_STDIN_MAX (1 << 20)
#define REQ_EXEC_OPEN_MAX 61440 /* bytes of command, env and cwd as JSON */

#define REQ_EXEC_FIELDS(F, S) \
	F(S, STR, command, 1, 49152, FIELD_NULLABLE) \
	F(S, ARR, cmd, 1, 1024, FIELD_NULLABLE) \
	F(S, STR, cwd, 1, 4096, FIELD_NULLABLE) \
	F(S, OBJ, env, 0, 256, FIELD_NULLABLE | FIELD_SECRET) \
	F(S, STR, user, 1, 32, FIELD_NULLABLE) \
	F(S, NUM, timeout, 0, REQ_EXEC_TIMEOUT_MAX_S, FIELD_NULLABLE) \
	F(S, STR, stdin, 0, REQ_EXEC_STDIN_MAX, FIELD_NULLABLE) \
	F(S, BOOL, background, 0, 0, FIELD_NULLABLE) \
	F(S, BOOL, stream, 0, 0, FIELD_NULLABLE)
FIELDS_DECLARE(req_exec, REQ_EXEC_FIELDS)

/* Exactly one of command and cmd is set; timeout (seconds) has its default.
 * Pointers are borrowed from `body`. */
int req_exec_read(json_t *body, struct req_exec *out, struct err *e);
int64_t req_exec_timeout_ms(const struct req_exec *r);
/* The command line as rows and answers show it: `command`, or the argv as
 * JSON text; malloc'ed. */
char *req_exec_text(const struct req_exec *r);
