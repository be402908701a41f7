#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auto.h"
#include "err.h"

int
cgroup_make(int parent, const char *name, struct err *e)
{
	int fd;

	if (mkdirat(parent, name, 0755) < 0 && errno != EEXIST)
		return err_errno(e, "make cgroup %s", name);
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, "open cgroup %s", name);
	return fd;
}

int
cgroup_set(int group, const char *name, const char *text, struct err *e)
{
	auto_close int fd = openat(group, name, O_WRONLY | O_CLOEXEC);
	size_t n = strlen(text);

	if (fd < 0)
		return err_errno(e, "open %s", name);
	if (write(fd, text, n) != (ssize_t)n)
		return err_errno(e, "write %s to %s", text, name);
	return 0;
}

int
cgroup_set_int(int group, const char *name, int64_t value, struct err *e)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRId64, value);
	return cgroup_set(group, name, text, e);
}

int64_t
cgroup_get(int group, const char *name, const char *key)
{
	auto_close int fd = openat(group, name, O_RDONLY | O_CLOEXEC);
	char text[512], *save = NULL;
	size_t len = strlen(key);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n <= 0)
		return 0;
	text[n] = '\0';
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (strncmp(line, key, len) == 0 && line[len] == ' ')
			return strtoll(line + len + 1, NULL, 10);
	return 0;
}

int
cgroup_enter(int group)
{
	auto_close int fd = openat(group, "cgroup.procs", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	return write(fd, "0", 1) == 1 ? 0 : -1;
}

void
cgroup_kill(int group)
{
	struct err e;

	cgroup_set(group, "cgroup.kill", "1", &e);
}
