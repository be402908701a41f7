/*
 * What vmctl must remember of one VM over its own death and the host's: the
 * content of the state file. The file is one JSON object (vm_record).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "buf.h"
#include "err.h"
#include "id.h"
#include "net_rules.h"
#include "vmctl_proto.h"

#define VM_STATE_VERSION 1
#define VM_STATE_FILE_MAX 8192
#define VM_CAUSE_SIZE 129
#define VM_UID_MIN 1000 /* as conf.def bounds vm_uid_base */

struct vm_state {
	char sandbox[ID_SIZE];
	enum vmctl_state state;
	int64_t op_id;	     /* the highest accepted; 0: none */
	enum vmctl_op op;    /* of op_id; VMCTL_OP_COUNT: none */
	bool done;	     /* op ran to its end and may be answered again */
	enum err_code error; /* its failure, when done */
	char message[ERR_MSG_SIZE];
	int64_t boot;	      /* op_id of the create */
	uid_t uid;	      /* of the VM; 0: holds none */
	pid_t pid;	      /* of the VMM while running */
	uint64_t start_ticks; /* /proc/PID/stat: tells pid's owners apart */
	uint64_t exe_dev, exe_ino; /* /proc/PID/exe */
	char host_boot[40]; /* boot id of the host that started the VMM */
	char accel[9];
	char template[33];
	int64_t cpus, memory_mb, disk_gb;
	enum net_mode network;
	pid_t resolver_pid; /* 0: none */
	uint64_t resolver_ticks;
	int64_t sent_bytes, received_bytes; /* by the guest, over uplinks that
					     * are gone */
	char exit_cause[VM_CAUSE_SIZE];
	int64_t changed_us; /* wall clock; a tombstone's age */
};

#define VM_RECORD_FIELDS(F, S) \
	F(S, INT, version, VM_STATE_VERSION, VM_STATE_VERSION, FIELD_REQUIRED) \
	F(S, STR, sandbox, 21, 21, FIELD_REQUIRED) \
	F(S, STR, state, 1, 16, FIELD_REQUIRED) \
	F(S, INT, op_id, 0, INT64_MAX, FIELD_REQUIRED) \
	F(S, STR, op, 1, 16, 0) \
	F(S, BOOL, done, 0, 0, FIELD_REQUIRED) \
	F(S, STR, error, 1, 64, 0) \
	F(S, STR, message, 0, ERR_MSG_SIZE - 1, 0) \
	F(S, INT, boot, 0, INT64_MAX, FIELD_REQUIRED) \
	F(S, INT, uid, 0, UINT32_MAX - 1, FIELD_REQUIRED) \
	F(S, INT, pid, 0, INT32_MAX, FIELD_REQUIRED) \
	F(S, INT, start_ticks, 0, INT64_MAX, FIELD_REQUIRED) \
	F(S, INT, exe_dev, 0, INT64_MAX, FIELD_REQUIRED) \
	F(S, INT, exe_ino, 0, INT64_MAX, FIELD_REQUIRED) \
	F(S, STR, host_boot, 0, 39, FIELD_REQUIRED) \
	F(S, STR, accel, 0, 8, FIELD_REQUIRED) \
	F(S, STR, template, 0, 32, FIELD_REQUIRED) \
	F(S, INT, cpus, 0, 8, FIELD_REQUIRED) \
	F(S, INT, memory_mb, 0, 8192, FIELD_REQUIRED) \
	F(S, INT, disk_gb, 0, 50, FIELD_REQUIRED) \
	F(S, STR, network, 1, 16, 0) \
	F(S, INT, resolver_pid, 0, INT32_MAX, 0) \
	F(S, INT, resolver_ticks, 0, INT64_MAX, 0) \
	F(S, INT, sent_bytes, 0, INT64_MAX, 0) \
	F(S, INT, received_bytes, 0, INT64_MAX, 0) \
	F(S, STR, exit_cause, 0, VM_CAUSE_SIZE - 1, FIELD_REQUIRED) \
	F(S, INT, changed_us, 0, INT64_MAX, FIELD_REQUIRED)
FIELDS_DECLARE(vm_record, VM_RECORD_FIELDS)

/* Absent, no operation seen. */
void vm_state_init(struct vm_state *st, const char *sandbox);
/* The operation's failure as it will be told to everyone who repeats it. */
void vm_state_fail(struct vm_state *st, const struct err *why);
/* Whether it has a uid, a promise of memory or disk, or files besides its
 * state. */
bool vm_state_holds(const struct vm_state *st);
/* Whether it has a VMM: running or paused. */
bool vm_state_lives(const struct vm_state *st);
/* Appends the file's text. 0 or -1. */
int vm_state_print(const struct vm_state *st, struct buf *b, struct err *e);
/* INVALID_REQUEST for anything that vm_state_print cannot have written. */
int vm_state_parse(const char *text, size_t len, struct vm_state *out,
		   struct err *e);
