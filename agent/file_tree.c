/* Changes of the tree: delete, make folders, move. */
#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"
#include "err.h"
#include "file_item.h"
#include "file_path.h"
#include "worker_io.h"

#define FOLDER_MODE 0755
/* Each level holds a descriptor; below the worker's limit of them. */
#define DEPTH_MAX 1000

static int remove_at(int parent, const char *name, unsigned depth);

/* 0 also when others removed it meanwhile. */
static int
remove_entry(int fd, const char *name, unsigned depth)
{
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return 0;
	if (remove_at(fd, name, depth) == 0 || errno == ENOENT)
		return 0;
	return -1;
}

/* Takes fd. */
static int
remove_content(int fd, unsigned depth)
{
	DIR *d = fdopendir(fd);
	struct dirent *ent;
	int why = 0;

	if (!d) {
		close(fd);
		return -1;
	}
	while (why == 0 && (errno = 0, ent = readdir(d)) != NULL)
		if (remove_entry(dirfd(d), ent->d_name, depth) < 0)
			why = errno;
	if (why == 0)
		why = errno; /* readdir's, 0 at the end */
	closedir(d);
	errno = why;
	return why ? -1 : 0;
}

/* Never follows a link: one is removed itself. */
static int
remove_at(int parent, const char *name, unsigned depth)
{
	int fd;

	if (unlinkat(parent, name, 0) == 0)
		return 0;
	if (errno != EISDIR)
		return -1;
	if (depth == DEPTH_MAX) {
		errno = ELOOP;
		return -1;
	}
	if (unlinkat(parent, name, AT_REMOVEDIR) == 0)
		return 0;
	if (errno != ENOTEMPTY && errno != EEXIST)
		return -1;
	fd = openat(parent, name,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || remove_content(fd, depth + 1) < 0)
		return -1;
	return unlinkat(parent, name, AT_REMOVEDIR);
}

static int
refuse_root(const char *path, struct err *e)
{
	if (!file_path_is_root(path))
		return 0;
	return err_set(e, ERR_POLICY_DENIED, "%s itself must stay", path);
}

int
file_delete_job(struct worker_io *io, const void *record, json_t **out_end,
		struct err *e)
{
	const struct file_path *req = record;
	char path[CHANNEL_PATH_MAX + 1];

	(void)io;
	if (file_path_decode(path, req->path, e) < 0 ||
	    refuse_root(path, e) < 0)
		return -1;
	if (remove_at(AT_FDCWD, path, 0) < 0)
		return file_path_errno(e, path, "delete");
	*out_end = NULL;
	return 0;
}

/* An existing folder, also by a link, is as good. */
static int
make_folder(const char *path, const struct file_mkdir *req, struct err *e)
{
	struct stat st;

	if (mkdir(path, FOLDER_MODE) == 0) {
		if (req->has_mode && chmod(path, (mode_t)req->mode) < 0)
			return file_path_errno(e, path, "make folder");
		return 0;
	}
	if (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	return file_path_errno(e, path, "make folder");
}

int
file_mkdir_job(struct worker_io *io, const void *record, json_t **out_end,
	       struct err *e)
{
	const struct file_mkdir *req = record;
	char path[CHANNEL_PATH_MAX + 1];

	(void)io;
	if (file_path_decode(path, req->path, e) < 0 ||
	    file_path_make_parents(path, e) < 0 ||
	    make_folder(path, req, e) < 0)
		return -1;
	*out_end = file_item_at(path, e);
	return *out_end ? 0 : -1;
}

int
file_move_job(struct worker_io *io, const void *record, json_t **out_end,
	      struct err *e)
{
	const struct file_move *req = record;
	char from[CHANNEL_PATH_MAX + 1], to[CHANNEL_PATH_MAX + 1];
	bool keep = req->has_overwrite && !req->overwrite;

	(void)io;
	if (file_path_decode(from, req->from, e) < 0 ||
	    file_path_decode(to, req->to, e) < 0 || refuse_root(from, e) < 0 ||
	    refuse_root(to, e) < 0)
		return -1;
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to,
		      keep ? RENAME_NOREPLACE : 0) < 0)
		return file_path_errno(e, errno == EEXIST ? to : from, "move");
	*out_end = file_item_at(to, e);
	return *out_end ? 0 : -1;
}
