/* The JSON bodies of the file routes. */
#pragma once

#include <stddef.h>

#include "field.h"

struct buf;
struct err;
struct query;

#define REQ_FILE_CONTENT_MAX (1 << 20) /* bytes of `content` as sent */

/* PUT .../files and .../files/content */
#define REQ_FILE_FIELDS(F, S) \
	F(S, STR, path, 1, 4096, 0) \
	F(S, STR, content, 0, REQ_FILE_CONTENT_MAX, FIELD_REQUIRED) \
	F(S, STR, encoding, 1, 8, FIELD_NULLABLE) \
	F(S, BOOL, append, 0, 0, FIELD_NULLABLE) \
	F(S, STR, mode, 1, 5, FIELD_NULLABLE)
FIELDS_DECLARE(req_file, REQ_FILE_FIELDS)

/* POST .../files/mkdir */
#define REQ_MKDIR_FIELDS(F, S) \
	F(S, STR, path, 1, 4096, FIELD_REQUIRED) \
	F(S, STR, mode, 1, 5, FIELD_NULLABLE)
FIELDS_DECLARE(req_mkdir, REQ_MKDIR_FIELDS)

/* POST .../files/move */
#define REQ_MOVE_FIELDS(F, S) \
	F(S, STR, from, 1, 4096, FIELD_REQUIRED) \
	F(S, STR, to, 1, 4096, FIELD_REQUIRED) \
	F(S, BOOL, overwrite, 0, 0, FIELD_NULLABLE)
FIELDS_DECLARE(req_move, REQ_MOVE_FIELDS)

/* Pointers are borrowed from `body`; encoding and mode are checked. */
int req_file_read(json_t *body, struct req_file *out, struct err *e);
int req_mkdir_read(json_t *body, struct req_mkdir *out, struct err *e);
int req_move_read(json_t *body, struct req_move *out, struct err *e);

/* Appends the decoded content. */
int req_file_content(const struct req_file *r, struct buf *out, struct err *e);
/* "0644", "644" or "0o644" as a number of at most 0777; 0 or -1. `field` is
 * named in the error. */
int req_file_mode(const char *field, const char *text, int64_t *out,
		  struct err *e);
/* Appends a path percent-encoded for the channel; "~/workspace" is /workspace.
 * 0 or -1 (the buffer's cap). */
int req_file_add_path(struct buf *out, const char *path);
/*
 * The path of a request percent-encoded for the channel, appended: from
 * `?path=` (any bytes but NUL) or, when that is absent, `fallback` (may be
 * NULL: then the path is missing).
 */
int req_file_path(const struct query *q, const char *fallback, struct buf *out,
		  struct err *e);
