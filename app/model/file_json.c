#include "file_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "buf.h"
#include "channel.h"
#include "jtime.h"
#include "text.h"

json_t *
file_json_text(const void *data, size_t len)
{
	auto_buf struct buf b = {0};

	if (len == 0)
		return json_string("");
	if (text_is_utf8(data, len))
		return json_stringn_nocheck(data, len);
	buf_init(&b, 3 * len);
	if (text_add_utf8_lossy(&b, data, len))
		return NULL;
	return json_stringn(buf_str(&b), b.len);
}

/* Sets "path" (and "name", its last part) from the encoded path. */
static int
set_path(json_t *o, const char *encoded, bool with_name)
{
	size_t n = strlen(encoded);
	auto_free char *path = malloc(n + 1);
	const char *slash;
	long len;

	if (!path)
		return -1;
	len = text_pct_decode(path, encoded, n, false);
	if (len < 0)
		return -1;
	slash = strrchr(path, '/');
	if (with_name &&
	    json_object_set_new(
		    o, "name",
		    file_json_text(slash ? slash + 1 : path,
				   strlen(slash ? slash + 1 : path))))
		return -1;
	if (json_object_set_new(o, "path", file_json_text(path, (size_t)len)))
		return -1;
	if (text_is_utf8(path, (size_t)len))
		return 0;
	return json_object_set_new(o, "path_encoded", json_string(encoded));
}

json_t *
file_json_entry(const struct file_item *f)
{
	auto_json json_t *o = json_object();
	auto_json json_t *rest = NULL;
	char mode[8];

	snprintf(mode, sizeof(mode), "%04o", (unsigned)(f->mode & 07777));
	rest = json_pack("{s:s, s:I, s:o, s:s}", "type", f->type, "size",
			 (json_int_t)f->size, "mod_time",
			 jtime_or_null(f->mtime_us), "mode", mode);
	if (!o || set_path(o, f->path, true) || json_object_update(o, rest))
		return NULL;
	return steal_ptr(&o);
}

json_t *
file_json_written(const struct file_item *f)
{
	auto_json json_t *o = json_pack("{s:s}", "status", "ok");

	if (!o || set_path(o, f->path, false) ||
	    json_object_set_new(o, "size", json_integer(f->size)))
		return NULL;
	return steal_ptr(&o);
}

json_t *
file_json_content(const struct file_item *f, const void *data, size_t len)
{
	auto_json json_t *o = json_object();
	bool utf8 = text_is_utf8(data, len);
	auto_buf struct buf b64 = {0};

	buf_init(&b64, 2 * len + 8);
	if (!o || set_path(o, f->path, false) ||
	    (!utf8 && text_add_base64(&b64, data, len)))
		return NULL;
	if (json_object_set_new(o, "size", json_integer(f->size)) ||
	    json_object_set_new(o, "encoding",
				json_string(utf8 ? "utf-8" : "base64")) ||
	    json_object_set_new(o, "content",
				utf8 ? file_json_text(data, len)
				     : json_string(buf_str(&b64))))
		return NULL;
	return steal_ptr(&o);
}

json_t *
file_json_git(const struct git_file *g)
{
	auto_json json_t *o = json_object();

	if (!o || set_path(o, g->path, false) ||
	    json_object_set_new(o, "status", json_string(g->status)))
		return NULL;
	return steal_ptr(&o);
}

json_t *
file_json_diff(json_t *files, const void *diff, size_t diff_len,
	       const void *staged, size_t staged_len, bool truncated)
{
	return json_pack("{s:O, s:o, s:o, s:b}", "files", files, "diff",
			 file_json_text(diff, diff_len), "staged_diff",
			 file_json_text(staged, staged_len), "truncated",
			 truncated);
}
