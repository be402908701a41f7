/* What a forked child of vmctl does to itself before its work. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct err;

/* Default signals, an empty mask, and death with its parent. The parent must
 * be `parent`: when it is gone already, the child exits. */
void child_begin(pid_t parent);
/* Closes every descriptor above 2 but the kept ones; `keep` is sorted in
 * place and may hold -1s. */
void child_keep_fds(int *keep, size_t n);
/*
 * Becomes `uid` for good: no groups, no capabilities (bounding, ambient and
 * inheritable sets too), no new privileges. Needs prctl, capset, setgroups,
 * setresgid, setresuid. The parent-death signal is lost.
 */
int child_become(uid_t uid, struct err *e);
/* The same with a group of its own, and but for the capabilities in `keep`
 * (bits 1 << CAP_*), which programs that it executes have too. */
int child_become_with(uid_t uid, gid_t gid, uint64_t keep, struct err *e);
/*
 * Kills every process of a VM's uid, wherever it hides, and waits until none
 * is left. -1 when some still live after timeout_ms.
 */
int child_kill_uid(uid_t uid, int timeout_ms, struct err *e);
