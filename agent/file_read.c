#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "agent.h"
#include "auto.h"
#include "err.h"
#include "file_item.h"
#include "file_path.h"
#include "worker_io.h"

/* A regular file only: opening a FIFO would wait, opening a device may act. */
static int
open_regular(const char *path, struct stat *st, struct err *e)
{
	auto_close int at = open(path, O_PATH | O_CLOEXEC);
	char self[64];
	int fd;

	if (at < 0 || fstat(at, st) < 0)
		return file_path_errno(e, path, "open");
	if (S_ISDIR(st->st_mode)) {
		errno = EISDIR;
		return file_path_errno(e, path, "open");
	}
	if (!S_ISREG(st->st_mode))
		return err_set(e, ERR_FILE_CONFLICT, "not a regular file");
	snprintf(self, sizeof(self), "/proc/self/fd/%d", at);
	fd = open(self, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? file_path_errno(e, path, "open") : fd;
}

/* The bytes asked for, cut at the file's size. */
static int
find_range(const struct file_read *req, int64_t size, int64_t *out_from,
	   int64_t *out_to, struct err *e)
{
	int64_t from = req->offset, to = size;

	if (req->has_suffix && (req->has_offset || req->has_length))
		return err_field(e, "suffix",
				 "suffix excludes offset and length");
	if (req->has_suffix)
		from = req->suffix < size ? size - req->suffix : 0;
	if (from > size || (from == size && from > 0))
		return err_set(e, ERR_RANGE_NOT_SATISFIABLE,
			       "the file has %lld bytes", (long long)size);
	if (req->has_length && req->length < size - from)
		to = from + req->length;
	*out_from = from;
	*out_to = to;
	return 0;
}

static int
send_range(struct worker_io *io, int fd, const char *path, int64_t from,
	   int64_t to, struct err *e)
{
	static uint8_t bytes[WORKER_DATA_MAX];

	posix_fadvise(fd, from, to - from, POSIX_FADV_SEQUENTIAL);
	while (from < to) {
		size_t want = to - from < WORKER_DATA_MAX ? (size_t)(to - from)
							  : WORKER_DATA_MAX;
		ssize_t n = pread(fd, bytes, want, from);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return file_path_errno(e, path, "read");
		if (n == 0)
			return err_set(e, ERR_FILE_CONFLICT,
				       "the file became shorter");
		if (worker_data(io, 0, bytes, (size_t)n, e) < 0)
			return -1;
		from += n;
	}
	return 0;
}

int
file_read_job(struct worker_io *io, const void *record, json_t **out_end,
	      struct err *e)
{
	const struct file_read *req = record;
	char path[CHANNEL_PATH_MAX + 1];
	auto_json json_t *item = NULL;
	auto_close int fd = -1;
	int64_t from = 0, to = 0;
	struct stat st;

	if (file_path_decode(path, req->path, e) < 0)
		return -1;
	fd = open_regular(path, &st, e);
	if (fd < 0 || find_range(req, st.st_size, &from, &to, e) < 0)
		return -1;
	item = file_item(path, &st, e);
	if (!item || worker_reply(io, item, e) < 0)
		return -1;
	*out_end = NULL;
	return req->stat_only ? 0 : send_range(io, fd, path, from, to, e);
}
