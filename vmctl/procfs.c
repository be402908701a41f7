#include "procfs.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "auto.h"

/* Length of the text, or -1. */
static ssize_t
slurp(const char *path, char *out, size_t size)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, out, size - 1);

	if (n < 0)
		return -1;
	out[n] = '\0';
	return n;
}

int
procfs_parse_stat(const char *text, struct procfs_stat *out)
{
	const char *p = strrchr(text, ')');
	long long user, sys, rss;
	unsigned long long start;
	struct procfs_stat s = {0};
	int parent;

	/* proc(5): fields 3, 4, 14, 15, 22 and 24. */
	if (!p || sscanf(p + 1,
			 " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lld %lld "
			 "%*d %*d %*d %*d %*d %*d %llu %*u %lld",
			 &s.state, &parent, &user, &sys, &start, &rss) != 6)
		return -1;
	s.parent = parent;
	s.start_ticks = start;
	s.cpu_us = (uint64_t)(user + sys) * 1000000u /
		   (uint64_t)sysconf(_SC_CLK_TCK);
	s.rss_bytes = (uint64_t)rss * (uint64_t)sysconf(_SC_PAGESIZE);
	*out = s;
	return 0;
}

int
procfs_stat(pid_t pid, struct procfs_stat *out)
{
	char path[64], text[1024];

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (pid <= 0 || slurp(path, text, sizeof(text)) < 0)
		return -1;
	return procfs_parse_stat(text, out);
}

int
procfs_uid(pid_t pid, uid_t *out)
{
	char path[64], text[4096];
	unsigned r, e, s, f;
	const char *p;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (slurp(path, text, sizeof(text)) < 0)
		return -1;
	p = strstr(text, "\nUid:");
	if (!p || sscanf(p, "\nUid: %u %u %u %u", &r, &e, &s, &f) != 4)
		return -1;
	if (r != e || r != s || r != f)
		return -1;
	*out = r;
	return 0;
}

int
procfs_exe(pid_t pid, uint64_t *out_dev, uint64_t *out_ino)
{
	char path[64];
	struct stat s;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	if (stat(path, &s) < 0)
		return -1;
	*out_dev = s.st_dev;
	*out_ino = s.st_ino;
	return 0;
}

int
procfs_each(uid_t lo, uid_t hi, void (*fn)(pid_t pid, uid_t uid, void *arg),
	    void *arg)
{
	DIR *d = opendir("/proc");
	struct dirent *entry;
	int found = 0;

	if (!d)
		return -1;
	while ((entry = readdir(d))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
		struct procfs_stat s;
		uid_t uid;

		if (pid <= 0 || procfs_uid(pid, &uid) < 0 || uid < lo ||
		    uid > hi || procfs_stat(pid, &s) < 0 || s.state == 'Z')
			continue;
		found++;
		if (fn)
			fn(pid, uid, arg);
	}
	closedir(d);
	return found;
}

static uint64_t
meminfo(const char *name)
{
	char text[4096];
	unsigned long long kib;
	const char *p;

	if (slurp("/proc/meminfo", text, sizeof(text)) < 0)
		return 0;
	p = strstr(text, name);
	if (!p || sscanf(p + strlen(name), " %llu", &kib) != 1)
		return 0;
	return kib * 1024;
}

uint64_t
procfs_memory_available(void)
{
	return meminfo("MemAvailable:");
}

uint64_t
procfs_memory_total(void)
{
	return meminfo("MemTotal:");
}

int
procfs_boot_id(char out[40])
{
	if (slurp("/proc/sys/kernel/random/boot_id", out, 40) < 0)
		return -1;
	out[strcspn(out, "\n")] = '\0';
	return 0;
}
