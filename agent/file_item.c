#include "file_item.h"

#include <string.h>

#include "agent.h"
#include "buf.h"
#include "err.h"
#include "file_path.h"
#include "text.h"

static const char *
type_name(mode_t mode)
{
	if (S_ISREG(mode))
		return "file";
	if (S_ISDIR(mode))
		return "directory";
	return S_ISLNK(mode) ? "symlink" : "other";
}

json_t *
file_item(const char *path, const struct stat *st, struct err *e)
{
	auto_buf struct buf pct = {0};
	struct file_item rec = {0};
	json_t *j = NULL;

	buf_init(&pct, 3 * CHANNEL_PATH_MAX);
	if (text_add_pct(&pct, path, strlen(path)) == 0) {
		FIELD_SET(rec, path, buf_str(&pct));
		FIELD_SET(rec, type, type_name(st->st_mode));
		FIELD_SET(rec, size, st->st_size);
		FIELD_SET(rec, mtime_us,
			  st->st_mtim.tv_sec * INT64_C(1000000) +
				  st->st_mtim.tv_nsec / 1000);
		FIELD_SET(rec, mode, st->st_mode & 07777);
		j = field_write(&file_item_fields, &rec);
	}
	if (!j)
		err_set(e, ERR_INTERNAL, "describe a file: out of memory");
	return j;
}

json_t *
file_item_at(const char *path, struct err *e)
{
	struct stat st;

	if (lstat(path, &st) < 0) {
		file_path_errno(e, path, "stat");
		return NULL;
	}
	return file_item(path, &st, e);
}
