/*
 * Lists a folder: one file_item a line, names in byte order, a folder's content
 * right after it. Reads no more names than the limit allows, so a folder of
 * millions costs no more memory than that.
 */
#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"
#include "auto.h"
#include "buf.h"
#include "err.h"
#include "file_item.h"
#include "file_path.h"
#include "worker_io.h"

struct listing {
	struct worker_io *io;
	struct buf lines;
	int64_t left; /* items that may still be sent */
	bool recursive;
	bool truncated;
};

struct names {
	char **list;
	size_t n;
};

static void
names_free(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->list[i]);
	free(names->list);
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
names_add(struct names *names, const char *name)
{
	char **list = names->list, *copy;

	if ((names->n & (names->n - 1)) == 0) { /* at each power of two */
		size_t size = names->n ? names->n * 2 : 1;

		list = reallocarray(list, size, sizeof(*list));
		if (!list)
			return -1;
		names->list = list;
	}
	copy = strdup(name);
	if (!copy)
		return -1;
	list[names->n++] = copy;
	return 0;
}

/* -1 only for lack of memory; errno says so. */
static int
read_names(struct listing *l, DIR *d, struct names *names)
{
	struct dirent *ent;

	while ((ent = readdir(d)) != NULL) {
		if (strcmp(ent->d_name, ".") == 0 ||
		    strcmp(ent->d_name, "..") == 0)
			continue;
		if ((int64_t)names->n == l->left) {
			l->truncated = true;
			break;
		}
		if (names_add(names, ent->d_name) < 0)
			return -1;
	}
	if (names->n > 0)
		qsort(names->list, names->n, sizeof(*names->list), compare);
	return 0;
}

static int
flush(struct listing *l, struct err *e)
{
	int rc = worker_data(l->io, 0, l->lines.data, l->lines.len, e);

	buf_reset(&l->lines);
	return rc;
}

static int
add_line(struct listing *l, const char *path, const struct stat *st,
	 struct err *e)
{
	auto_json json_t *item = file_item(path, st, e);
	auto_free char *text = item ? json_text(item) : NULL;

	if (!text)
		return -1;
	if (l->lines.len + strlen(text) + 1 > WORKER_DATA_MAX &&
	    flush(l, e) < 0)
		return -1;
	buf_addf(&l->lines, "%s\n", text);
	l->left--;
	return 0;
}

static int list_folder(struct listing *l, int fd, char *path, size_t len,
		       struct err *e);

/* What vanished meanwhile, or may not be opened, is passed over. */
static int
list_below(struct listing *l, int parent, const char *name, char *path,
	   size_t len, struct err *e)
{
	int fd = openat(parent, name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return 0;
	return list_folder(l, fd, path, len, e);
}

static int
list_names(struct listing *l, int fd, const struct names *names, char *path,
	   size_t len, struct err *e)
{
	struct stat st;

	for (size_t i = 0; i < names->n; i++) {
		size_t n = strlen(names->list[i]);

		if (l->left == 0 || len + 1 + n > CHANNEL_PATH_MAX) {
			l->truncated = true;
			continue;
		}
		path[len] = '/';
		memcpy(path + len + 1, names->list[i], n + 1);
		if (fstatat(fd, names->list[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (add_line(l, path, &st, e) < 0)
			return -1;
		if (l->recursive && S_ISDIR(st.st_mode) &&
		    list_below(l, fd, names->list[i], path, len + 1 + n, e) < 0)
			return -1;
	}
	return 0;
}

/* Takes fd, of the folder whose path of `len` bytes has no trailing '/'. */
static int
list_folder(struct listing *l, int fd, char *path, size_t len, struct err *e)
{
	DIR *d = fdopendir(fd);
	struct names names = {0};
	int rc;

	if (!d) {
		close(fd);
		return file_path_errno(e, path, "open folder");
	}
	rc = read_names(l, d, &names);
	if (rc < 0)
		file_path_errno(e, path, "read folder");
	else
		rc = list_names(l, dirfd(d), &names, path, len, e);
	names_free(&names);
	closedir(d);
	return rc;
}

static json_t *
make_end(const struct listing *l)
{
	json_t *end = json_object();

	json_object_set_new(end, "truncated", json_boolean(l->truncated));
	return end;
}

int
file_list_job(struct worker_io *io, const void *record, json_t **out_end,
	      struct err *e)
{
	const struct file_list *req = record;
	struct listing l = {
		.io = io, .left = req->limit, .recursive = req->recursive};
	char path[CHANNEL_PATH_MAX + 1];
	size_t len;
	int fd, rc;

	if (file_path_decode(path, req->path, e) < 0)
		return -1;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return file_path_errno(e, path, "open folder");
	len = strlen(path);
	if (len == 1)
		len = 0;
	buf_init(&l.lines, WORKER_DATA_MAX);
	rc = list_folder(&l, fd, path, len, e);
	if (rc == 0 && l.lines.len > 0)
		rc = flush(&l, e);
	buf_fini(&l.lines);
	if (rc == 0)
		*out_end = make_end(&l);
	return rc;
}
