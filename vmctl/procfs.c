#include "procfs.h"

#include <dirent.h>
#include <errno.h>
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

#define STAT_NUMBERS 21 /* fields 4 to 24 of proc(5) */

/* `count` numbers with blanks between; -1 when there are fewer. */
static int
read_numbers(const char *p, unsigned long long *out, int count)
{
	for (int i = 0; i < count; i++) {
		char *end;

		errno = 0;
		out[i] = strtoull(p, &end, 10);
		if (end == p || errno != 0)
			return -1;
		p = end;
	}
	return 0;
}

int
procfs_parse_stat(const char *text, struct procfs_stat *out)
{
	unsigned long long n[STAT_NUMBERS]; /* n[f - 4] is field f */
	const char *p = strrchr(text, ')');

	if (!p || p[1] != ' ' || !p[2] || p[3] != ' ' ||
	    read_numbers(p + 3, n, STAT_NUMBERS) < 0)
		return -1;
	*out = (struct procfs_stat){
		.state = p[2],
		.parent = (pid_t)n[0],
		.start_ticks = n[18],
		.cpu_us = (n[10] + n[11]) * 1000000u /
			  (uint64_t)sysconf(_SC_CLK_TCK),
		.rss_bytes = n[20] * (uint64_t)sysconf(_SC_PAGESIZE),
	};
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
	unsigned long long id[4]; /* real, effective, saved, file system */
	const char *p;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (slurp(path, text, sizeof(text)) < 0)
		return -1;
	p = strstr(text, "\nUid:");
	if (!p || read_numbers(p + strlen("\nUid:"), id, 4) < 0)
		return -1;
	if (id[0] != id[1] || id[0] != id[2] || id[0] != id[3])
		return -1;
	*out = (uid_t)id[0];
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
	if (!p || read_numbers(p + strlen(name), &kib, 1) < 0)
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
