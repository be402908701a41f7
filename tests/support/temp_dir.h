/* A folder of a test's own, removed with its files afterwards. */
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmocka_all.h"

#define TEMP_PATH_MAX 100 /* fits sun_path */

struct temp_dir {
	char path[TEMP_PATH_MAX];
};

static inline void
temp_dir_init(struct temp_dir *d)
{
	snprintf(d->path, sizeof(d->path), "/tmp/caged-test-XXXXXX");
	assert_non_null(mkdtemp(d->path));
}

static inline void
temp_dir_fini(struct temp_dir *d)
{
	DIR *dir = opendir(d->path);
	const struct dirent *ent;

	while (dir && (ent = readdir(dir)))
		unlinkat(dirfd(dir), ent->d_name, 0);
	if (dir)
		closedir(dir);
	rmdir(d->path);
}

#define auto_temp_dir __attribute__((cleanup(temp_dir_fini)))

/* "<dir>/<name>" in out. */
static inline const char *
temp_dir_file(const struct temp_dir *d, const char *name,
	      char out[TEMP_PATH_MAX])
{
	int n = snprintf(out, TEMP_PATH_MAX, "%s/%s", d->path, name);

	assert_in_range(n, 1, TEMP_PATH_MAX - 1);
	return out;
}

static inline void
temp_dir_write(const char *path, const void *p, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), (ssize_t)n);
	close(fd);
}
