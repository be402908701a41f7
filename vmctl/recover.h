/*
 * What a fresh daemon does with what its predecessor left: every state file
 * leads to one action, and afterwards there is no process of a VM's uid that
 * is not the VMM or resolver of a running VM, and no file without a state.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct err;
struct host;
struct vm_state;

#define RECOVER_TOMBSTONE_US (INT64_C(7) * 86400 * 1000000)

enum recover_action {
	RECOVER_KEEP,	 /* nothing to do */
	RECOVER_ADOPT,	 /* the VMM lives: watch it */
	RECOVER_UNDO,	 /* a create was cut: remove it, keep the fence */
	RECOVER_EXIT,	 /* the VMM died meanwhile */
	RECOVER_DESTROY, /* a destroy was cut: finish it */
	RECOVER_FORGET,	 /* an old tombstone */
};

/* `lives`: the recorded process is there, and is the one recorded. */
enum recover_action recover_decide(const struct vm_state *st, bool lives,
				   int64_t now_us);
/* Whether /proc knows pid with that start time, program and uid. */
bool recover_lives(const struct vm_state *st, const char *boot_id);

int recover_run(struct host *h, struct err *e);
/* Forgets tombstones that are older than a week. */
void recover_expire(struct host *h);
