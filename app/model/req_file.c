#include "req_file.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "channel.h"
#include "err.h"
#include "query.h"
#include "text.h"

FIELDS_DEFINE(req_file, REQ_FILE_FIELDS)
FIELDS_DEFINE(req_mkdir, REQ_MKDIR_FIELDS)
FIELDS_DEFINE(req_move, REQ_MOVE_FIELDS)

#define HOME_WORKSPACE "~/workspace"
#define WORKSPACE "/workspace"

static int
check_mode(const char *text, struct err *e)
{
	int64_t mode;

	return text ? req_file_mode("mode", text, &mode, e) : 0;
}

int
req_file_read(json_t *body, struct req_file *out, struct err *e)
{
	struct req_file r;

	if (field_read(&req_file_fields, body, &r, e) || check_mode(r.mode, e))
		return -1;
	if (r.encoding && strcmp(r.encoding, "utf-8") != 0 &&
	    strcmp(r.encoding, "base64") != 0)
		return err_field(e, "encoding",
				 "encoding: must be utf-8 or base64");
	*out = r;
	return 0;
}

int
req_mkdir_read(json_t *body, struct req_mkdir *out, struct err *e)
{
	struct req_mkdir r;

	if (field_read(&req_mkdir_fields, body, &r, e) || check_mode(r.mode, e))
		return -1;
	*out = r;
	return 0;
}

int
req_move_read(json_t *body, struct req_move *out, struct err *e)
{
	struct req_move r;

	if (field_read(&req_move_fields, body, &r, e))
		return -1;
	if (!r.has_overwrite)
		r.overwrite = true;
	*out = r;
	return 0;
}

int
req_file_content(const struct req_file *r, struct buf *out, struct err *e)
{
	size_t n = strlen(r->content);

	if (!r->encoding || strcmp(r->encoding, "base64") != 0)
		return buf_add(out, r->content, n)
			       ? err_set(e, ERR_BODY_TOO_LARGE,
					 "content: too large")
			       : 0;
	if (text_add_base64_decoded(out, r->content, n) == 0)
		return 0;
	if (out->full)
		return err_set(e, ERR_BODY_TOO_LARGE, "content: too large");
	return err_field(e, "content", "content: not base64");
}

int
req_file_mode(const char *field, const char *text, int64_t *out, struct err *e)
{
	const char *digits = text;
	long mode;
	char *end;

	if (strncmp(text, "0o", 2) == 0)
		digits += 2;
	if (digits[0] >= '0' && digits[0] <= '7') {
		mode = strtol(digits, &end, 8);
		if (*end == '\0' && mode <= 0777) {
			*out = mode;
			return 0;
		}
	}
	return err_field(e, field, "%s: must be octal digits up to 0777",
			 field);
}

/* NULL: there is none, or it is too long. */
static const char *
path_bytes(const struct query *q, const char *fallback, struct err *e)
{
	const struct query_arg *a = query_find(q, "path");
	const char *path = a ? a->value : fallback;
	size_t len = path ? strlen(path) : 0;

	if (!path) {
		err_field(e, "path", "path: missing");
		return NULL;
	}
	if (len == 0 || len > CHANNEL_PATH_MAX) {
		err_field(e, "path", "path: must be 1 to %d bytes",
			  CHANNEL_PATH_MAX);
		return NULL;
	}
	return path;
}

int
req_file_add_path(struct buf *out, const char *path)
{
	const size_t home = sizeof(HOME_WORKSPACE) - 1;

	if (strncmp(path, HOME_WORKSPACE, home) == 0 &&
	    (path[home] == '/' || path[home] == '\0')) {
		if (buf_addstr(out, WORKSPACE) < 0)
			return -1;
		path += home;
	}
	return text_add_pct(out, path, strlen(path));
}

int
req_file_path(const struct query *q, const char *fallback, struct buf *out,
	      struct err *e)
{
	const char *path = path_bytes(q, fallback, e);

	if (!path)
		return -1;
	if (req_file_add_path(out, path) < 0)
		return err_set(e, ERR_INTERNAL, "path: too long");
	return 0;
}
