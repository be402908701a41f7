#include "image.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "auto.h"
#include "driver.h"
#include "err.h"
#include "text.h"

static int
open_beneath(int folder, const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
			   RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, folder, path, &how, sizeof(how));
}

int
image_open(const char *image_dir, const char *name, struct err *e)
{
	auto_close int folder =
		open(image_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_close int fd = -1;
	char path[64];
	struct stat s;

	if (folder < 0)
		return err_errno(e, "open folder %s", image_dir);
	snprintf(path, sizeof(path), "%s/rootfs.erofs", name);
	fd = open_beneath(folder, path);
	if (fd < 0 || fstat(fd, &s) < 0 || !S_ISREG(s.st_mode))
		return err_set(e, ERR_TEMPLATE_NOT_FOUND,
			       "there is no template %s here", name);
	if (s.st_mode & (S_IWGRP | S_IWOTH))
		return err_set(e, ERR_TEMPLATE_NOT_FOUND,
			       "template %s may be written by others", name);
	return steal_fd(&fd);
}

size_t
image_list(const char *image_dir, char (*out)[33], size_t max)
{
	DIR *d = opendir(image_dir);
	struct dirent *entry;
	size_t n = 0;

	while (d && n < max && (entry = readdir(d))) {
		struct err why;
		int fd;

		if (!driver_template_valid(entry->d_name))
			continue;
		fd = image_open(image_dir, entry->d_name, &why);
		if (fd < 0)
			continue;
		close(fd);
		text_copy(out[n++], 33, entry->d_name);
	}
	if (d)
		closedir(d);
	return n;
}

int
image_open_shared(const char *path, struct err *e)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat s;

	if (fd < 0 || fstat(fd, &s) < 0)
		return err_errno(e, "open %s", path);
	if (!S_ISREG(s.st_mode) || !(s.st_mode & S_IROTH) ||
	    (s.st_mode & S_IWOTH))
		return err_set(e, ERR_INTERNAL,
			       "%s must be a file that others may read, not "
			       "write",
			       path);
	return steal_fd(&fd);
}
