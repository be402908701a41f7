#include "vm_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "allowlist.h"
#include "auto.h"
#include "buf.h"
#include "err.h"
#include "timeutil.h"
#include "vm_state.h"

#define STATE_NEW "state.new"
#define NAMES_NEW "allowlist.new"

int
vm_store_open(const char *path, struct err *e)
{
	auto_close int fd = -1;
	struct stat s;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_errno(e, "make folder %s", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &s) < 0)
		return err_errno(e, "open folder %s", path);
	if (s.st_uid != 0 || (s.st_mode & 0077) != 0)
		return err_set(e, ERR_INTERNAL,
			       "%s must belong to root with mode 0700", path);
	return steal_fd(&fd);
}

int
vm_store_folder(int dir_fd, const char *sandbox, int make, struct err *e)
{
	int fd;

	if (make && mkdirat(dir_fd, sandbox, 0700) < 0 && errno != EEXIST)
		return err_errno(e, "make folder of %s", sandbox);
	fd = openat(dir_fd, sandbox,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return err_set(e, ERR_NOT_FOUND, "%s has no folder", sandbox);
	if (fd < 0)
		return err_errno(e, "open folder of %s", sandbox);
	return fd;
}

static int
write_new(int folder, const char *name, const void *p, size_t n, struct err *e)
{
	auto_close int fd = openat(
		folder, name,
		O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_errno(e, "open %s", name);
	if (write(fd, p, n) != (ssize_t)n || fsync(fd) < 0)
		return err_errno(e, "write %s", name);
	return 0;
}

int
vm_store_write(int dir_fd, struct vm_state *st, struct err *e)
{
	auto_buf struct buf b = {0};
	auto_close int folder = -1;
	struct vm_state next = *st;
	bool fresh = faccessat(dir_fd, st->sandbox, F_OK, 0) < 0;

	buf_init(&b, VM_STATE_FILE_MAX);
	next.changed_us = time_unix_us();
	if (vm_state_print(&next, &b, e) < 0)
		return -1;
	folder = vm_store_folder(dir_fd, st->sandbox, 1, e);
	if (folder < 0 || write_new(folder, STATE_NEW, b.data, b.len, e) < 0)
		return err_wrap(e, "save state of %s", st->sandbox);
	if (renameat(folder, STATE_NEW, folder, VM_STORE_STATE) < 0 ||
	    fsync(folder) < 0 || (fresh && fsync(dir_fd) < 0))
		return err_errno(e, "save state of %s", st->sandbox);
	st->changed_us = next.changed_us;
	return 0;
}

int
vm_store_read(int dir_fd, const char *sandbox, struct vm_state *out,
	      struct err *e)
{
	auto_close int folder = vm_store_folder(dir_fd, sandbox, 0, e);
	auto_close int fd = -1;
	char text[VM_STATE_FILE_MAX];
	struct vm_state st;
	ssize_t n;

	if (folder < 0)
		return -1;
	fd = openat(folder, VM_STORE_STATE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return err_set(e, ERR_NOT_FOUND, "%s has no state file",
			       sandbox);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text));
	if (n < 0)
		return err_errno(e, "read state of %s", sandbox);
	if (vm_state_parse(text, (size_t)n, &st, e) < 0)
		return err_wrap(e, "state of %s", sandbox);
	if (strcmp(st.sandbox, sandbox) != 0)
		return err_set(e, ERR_INVALID_REQUEST,
			       "the state in folder %s is that of %s", sandbox,
			       st.sandbox);
	*out = st;
	return 0;
}

int
vm_store_write_names(int dir_fd, const char *sandbox, const char *names,
		     struct err *e)
{
	auto_close int folder = vm_store_folder(dir_fd, sandbox, 0, e);

	if (folder < 0 ||
	    write_new(folder, NAMES_NEW, names, strlen(names), e) < 0)
		return -1;
	if (renameat(folder, NAMES_NEW, folder, VM_STORE_NAMES) < 0 ||
	    fsync(folder) < 0)
		return err_errno(e, "save names of %s", sandbox);
	return 0;
}

int
vm_store_read_names(int dir_fd, const char *sandbox, struct buf *out,
		    struct err *e)
{
	auto_close int folder = vm_store_folder(dir_fd, sandbox, 0, e);
	auto_close int fd = -1;
	uint8_t *room = buf_reserve(out, ALLOWLIST_TEXT_MAX);
	ssize_t n;

	if (folder < 0)
		return -1;
	fd = openat(folder, VM_STORE_NAMES, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 0;
	n = fd < 0 || !room ? -1 : read(fd, room, ALLOWLIST_TEXT_MAX);
	if (n < 0)
		return err_errno(e, "read names of %s", sandbox);
	room[n] = '\0';
	out->len += (size_t)n;
	return allowlist_check(buf_str(out), e);
}

static int
remove_entry(int folder, const char *name, const char *keep)
{
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	    (keep && strcmp(name, keep) == 0))
		return 0;
	return unlinkat(folder, name, 0);
}

/* Only vmctl writes into the folder, so it holds no folders. */
static int
remove_entries(int folder, const char *keep)
{
	int copy = fcntl(folder, F_DUPFD_CLOEXEC, 3);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;
	int bad = 0;

	if (!d) {
		if (copy >= 0)
			close(copy);
		return -1;
	}
	rewinddir(d);
	while ((entry = readdir(d)))
		bad |= remove_entry(folder, entry->d_name, keep);
	closedir(d);
	return bad;
}

int
vm_store_empty(int dir_fd, const char *sandbox, struct err *e)
{
	auto_close int folder = vm_store_folder(dir_fd, sandbox, 0, e);

	if (folder < 0)
		return -1;
	if (remove_entries(folder, VM_STORE_STATE) < 0 || fsync(folder) < 0)
		return err_errno(e, "remove files of %s", sandbox);
	return 0;
}

int
vm_store_remove(int dir_fd, const char *sandbox, struct err *e)
{
	auto_close int folder = vm_store_folder(dir_fd, sandbox, 0, e);

	if (folder < 0)
		return e->code == ERR_NOT_FOUND ? 0 : -1;
	if (remove_entries(folder, NULL) < 0 ||
	    unlinkat(dir_fd, sandbox, AT_REMOVEDIR) < 0 || fsync(dir_fd) < 0)
		return err_errno(e, "remove folder of %s", sandbox);
	return 0;
}
