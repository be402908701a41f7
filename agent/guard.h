/*
 * Keeps the agent answering whatever the guest's users do.
 *
 *	/agent      PID 1: most CPU weight, memory that is never reclaimed
 *	/platform   the agent's workers (files, git), a group each
 *	/users      every command, a group each: bounded memory and processes
 *
 * No memory.high: a group above it is throttled for ever instead of losing a
 * process, and the agent would wait for what the hog holds.
 */
#pragma once

#include <stdint.h>

struct err;

struct guard {
	int users_fd; /* -1: no control groups (tests) */
	int platform_fd;
	int64_t memory;	    /* bytes of the guest */
	int64_t reserve;    /* of these, not for users */
	int64_t users_pids; /* most processes of all commands */
	/* Of one: when it forks without end, others can still start. */
	int64_t exec_pids;
};

/* As `guard` when control groups are not there; sizes for `memory` bytes. */
void guard_plan(struct guard *g, int64_t memory);
/* Needs cgroup2 on /sys/fs/cgroup and root. */
int guard_init(struct guard *g, struct err *e);
