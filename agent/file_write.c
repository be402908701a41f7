/*
 * Writes a file in one step: the bytes go to a temporary file beside the
 * target, which then takes its name (or, to append, is copied to its end).
 * Whatever happens before that leaves the target as it was.
 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"
#include "auto.h"
#include "err.h"
#include "file_item.h"
#include "file_path.h"
#include "id.h"
#include "worker_io.h"

#define MODE_DEFAULT 0644
#define TEMP_PREFIX ".caged-"

/* The target's real name: a link at its end is followed, as an editor would.
 * *out_mode: of the file that is there, or -1. */
static int
find_target(char path[CHANNEL_PATH_MAX + 1], int *out_mode, struct err *e)
{
	char real[PATH_MAX];
	struct stat st;

	*out_mode = -1;
	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : file_path_errno(e, path, "write");
	if (S_ISLNK(st.st_mode)) {
		if (!realpath(path, real) || stat(real, &st) < 0)
			return file_path_errno(e, path, "follow link");
		memcpy(path, real, strlen(real) + 1);
	}
	if (S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		return file_path_errno(e, path, "write");
	}
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_FILE_CONFLICT, "not a regular file");
	/* The folder's rights must not do what the file's own forbid. */
	if (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) < 0)
		return file_path_errno(e, path, "write");
	*out_mode = st.st_mode & 07777;
	return 0;
}

static int
make_temp(const char *path, char temp[PATH_MAX], struct err *e)
{
	int len = (int)(strrchr(path, '/') - path), fd;
	char id[ID_SIZE];

	id_make(id, "");
	if (snprintf(temp, PATH_MAX, "%.*s/" TEMP_PREFIX "%s.tmp", len, path,
		     id) >= PATH_MAX)
		return err_field(e, "path", "the path is too long");
	fd = open(temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return fd < 0 ? file_path_errno(e, path, "write") : fd;
}

static int
write_all(int fd, const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t put = write(fd, p, n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -1;
		p += put;
		n -= (size_t)put;
	}
	return 0;
}

static int
receive(struct worker_io *io, int fd, const char *path, struct err *e)
{
	static uint8_t bytes[FRAME_PAYLOAD_MAX];
	ssize_t n;

	while ((n = worker_recv(io, bytes, sizeof(bytes), e)) > 0)
		if (write_all(fd, bytes, (size_t)n) < 0)
			return file_path_errno(e, path, "write");
	return n < 0 ? -1 : 0;
}

static int
replace(int fd, const char *temp, const char *path, mode_t mode, struct err *e)
{
	if (fchmod(fd, mode) < 0 || fsync(fd) < 0 || rename(temp, path) < 0)
		return file_path_errno(e, path, "write");
	return 0;
}

/* On failure the file gets its old length back. */
static int
copy_to_end(int from, int to, const char *path, struct err *e)
{
	static uint8_t bytes[FRAME_PAYLOAD_MAX];
	off_t old = lseek(to, 0, SEEK_END), at = 0;
	ssize_t n;

	while ((n = pread(from, bytes, sizeof(bytes), at)) > 0) {
		if (write_all(to, bytes, (size_t)n) < 0)
			break;
		at += n;
	}
	if (n == 0 && fsync(to) == 0)
		return 0;
	file_path_errno(e, path, "append");
	return ftruncate(to, old) < 0 ? err_wrap(e, "cut off again") : -1;
}

/* mode -1: keep what is there. */
static int
append(int fd, const char *path, int mode, struct err *e)
{
	auto_close int to = open(path,
				 O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC |
					 O_NONBLOCK | O_NOCTTY,
				 MODE_DEFAULT);

	if (to < 0 || (mode >= 0 && fchmod(to, (mode_t)mode) < 0))
		return file_path_errno(e, path, "append");
	return copy_to_end(fd, to, path, e);
}

static int
write_target(struct worker_io *io, const struct file_write *req,
	     const char *path, int old_mode, struct err *e)
{
	int mode = req->has_mode ? (int)req->mode : old_mode, rc;
	char temp[PATH_MAX];
	auto_close int fd = make_temp(path, temp, e);

	if (fd < 0)
		return -1;
	rc = receive(io, fd, path, e);
	if (rc == 0 && req->append)
		rc = append(fd, path, req->has_mode ? mode : -1, e);
	else if (rc == 0)
		rc = replace(fd, temp, path,
			     mode < 0 ? MODE_DEFAULT : (mode_t)mode, e);
	if (rc < 0 || req->append)
		unlink(temp);
	return rc;
}

int
file_write_job(struct worker_io *io, const void *record, json_t **out_end,
	       struct err *e)
{
	const struct file_write *req = record;
	char path[CHANNEL_PATH_MAX + 1];
	int old_mode;

	if (file_path_decode(path, req->path, e) < 0)
		return -1;
	if (file_path_make_parents(path, e) < 0 ||
	    find_target(path, &old_mode, e) < 0 ||
	    write_target(io, req, path, old_mode, e) < 0)
		return -1;
	*out_end = file_item_at(path, e);
	return *out_end ? 0 : -1;
}
