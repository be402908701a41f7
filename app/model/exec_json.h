/* The result of a command, live or stored, as the API shows it. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "id.h"

struct err;

#define EXEC_OUTPUT_MAX (1 << 20) /* bytes of each text in an answer */

struct exec_bytes {
	const void *data; /* borrowed; may be NULL when len is 0 */
	size_t len;
};

/* Strings are borrowed; times are microseconds since 1970, 0 when not yet. */
struct exec_view {
	char id[ID_SIZE];
	const char *status;  /* running done lost */
	const char *command; /* bash text, or the argv as JSON */
	int64_t exit_code;
	const char
		*cause; /* exit signal timeout oom killed; NULL or "": none */
	const char
		*error; /* what the platform failed at; NULL or "": nothing */
	int64_t started_us, ended_us, duration_us;
	struct exec_bytes output, out, err; /* as written; stdout, stderr */
	bool truncated;
};

/* The answer of POST .../exec. Owned by the caller; NULL: no memory. */
json_t *exec_json_result(const struct exec_view *v);
/* The answer of GET .../exec/{xid}. */
json_t *exec_json_row(const struct exec_view *v);
/* A problem that a client which looks for exit_code and output understands. */
json_t *exec_json_problem(const struct err *e, const char *request_id,
			  const char *exec_id);
/* Makes such a one of a problem, which it takes over (NULL stays NULL). */
json_t *exec_json_as_result(json_t *problem, const char *exec_id);
