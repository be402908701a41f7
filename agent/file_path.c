#include "file_path.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "agent.h"
#include "auto.h"
#include "buf.h"
#include "err.h"
#include "text.h"

/* Appends one part with its '/'. */
static int
add_part(char out[CHANNEL_PATH_MAX + 1], size_t *len, const char *p, size_t n)
{
	if (n == 0 || (n == 1 && p[0] == '.'))
		return 0;
	if (*len + 1 + n > CHANNEL_PATH_MAX)
		return -1;
	out[(*len)++] = '/';
	memcpy(out + *len, p, n);
	*len += n;
	return 0;
}

static int
add_parts(char out[CHANNEL_PATH_MAX + 1], size_t *len, const char *path)
{
	while (*path) {
		size_t n = strcspn(path, "/");

		if (add_part(out, len, path, n) < 0)
			return -1;
		path += n;
		path += *path == '/';
	}
	return 0;
}

int
file_path_decode(char out[CHANNEL_PATH_MAX + 1], const char *pct, struct err *e)
{
	char raw[3 * CHANNEL_PATH_MAX + 1];
	size_t len = 0;

	if (strlen(pct) > 3 * CHANNEL_PATH_MAX)
		return err_field(e, "path", "the path is too long");
	if (text_pct_decode(raw, pct, strlen(pct), false) <= 0)
		return err_field(e, "path", "the path is not percent-encoded");
	if ((raw[0] != '/' && add_parts(out, &len, AGENT_WORKSPACE) < 0) ||
	    add_parts(out, &len, raw) < 0)
		return err_field(e, "path", "the path is longer than %d bytes",
				 CHANNEL_PATH_MAX);
	if (len == 0)
		out[len++] = '/';
	out[len] = '\0';
	return 0;
}

static const struct {
	int number;
	enum err_code code;
} meanings[] = {
	{ENOENT, ERR_FILE_NOT_FOUND},
	{ENOTDIR, ERR_FILE_CONFLICT},
	{EISDIR, ERR_FILE_CONFLICT},
	{EEXIST, ERR_FILE_CONFLICT},
	{ENOTEMPTY, ERR_FILE_CONFLICT},
	{EXDEV, ERR_FILE_CONFLICT},
	{ETXTBSY, ERR_FILE_CONFLICT},
	{EACCES, ERR_POLICY_DENIED},
	{EPERM, ERR_POLICY_DENIED},
	{EROFS, ERR_POLICY_DENIED},
	{EBUSY, ERR_POLICY_DENIED},
	{ELOOP, ERR_INVALID_REQUEST},
	{ENAMETOOLONG, ERR_INVALID_REQUEST},
	{EINVAL, ERR_INVALID_REQUEST},
	{EFBIG, ERR_INVALID_REQUEST},
	{ENOSPC, ERR_DISK_FULL},
	{EDQUOT, ERR_DISK_FULL},
	{ENOMEM, ERR_OVERLOADED},
};

int
file_path_errno(struct err *e, const char *path, const char *what)
{
	enum err_code code = ERR_INTERNAL;
	auto_buf struct buf shown = {0};
	int number = errno;

	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (meanings[i].number == number)
			code = meanings[i].code;
	buf_init(&shown, ERR_MSG_SIZE / 2);
	text_add_utf8_lossy(&shown, path, strnlen(path, ERR_MSG_SIZE / 8));
	return err_set(e, code, "%s %s: %s", what, buf_str(&shown),
		       strerror(number));
}

int
file_path_make_parents(const char *path, struct err *e)
{
	char part[CHANNEL_PATH_MAX + 1];
	size_t len = strlen(path);

	memcpy(part, path, len + 1);
	for (size_t i = 1; i < len; i++) {
		if (part[i] != '/')
			continue;
		part[i] = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return file_path_errno(e, part, "make folder");
		part[i] = '/';
	}
	return 0;
}

static bool
same_as(const struct stat *st, const char *path)
{
	struct stat other;

	return lstat(path, &other) == 0 && other.st_dev == st->st_dev &&
	       other.st_ino == st->st_ino;
}

bool
file_path_is_root(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 &&
	       (same_as(&st, "/") || same_as(&st, AGENT_WORKSPACE));
}
