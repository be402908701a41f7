/* What the kernel says of a process, by the number only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct procfs_stat {
	char state; /* R S D Z ... */
	pid_t parent;
	uint64_t start_ticks;
	uint64_t cpu_us;
	uint64_t rss_bytes;
};

/* 0, or -1 when there is no such process. */
int procfs_stat(pid_t pid, struct procfs_stat *out);
/* Parses /proc/PID/stat; the name in it may hold any bytes. */
int procfs_parse_stat(const char *text, struct procfs_stat *out);
/* All four uids must be the same for 0. */
int procfs_uid(pid_t pid, uid_t *out);
int procfs_exe(pid_t pid, uint64_t *out_dev, uint64_t *out_ino);
/* Calls fn for each process, not a zombie, whose real uid is in [lo, hi].
 * Returns how many there were, or -1 when /proc cannot be read. */
int procfs_each(uid_t lo, uid_t hi, void (*fn)(pid_t pid, uid_t uid, void *arg),
		void *arg);
/* Bytes that the host can still give without swapping. */
uint64_t procfs_memory_available(void);
uint64_t procfs_memory_total(void);
/* out: 40 bytes. */
int procfs_boot_id(char out[40]);
