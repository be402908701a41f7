/*
 * The part of an operation that may take time, in a forked child with a
 * deadline: the loop keeps tables and descriptors only, so that one VM's slow
 * disk delays no other. A job may write the VM's state file; while it runs
 * nobody else does.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"
#include "vm_state.h"

struct host;
struct request;
struct vm;

#define JOB_CLIENTS_MAX 32 /* at once, asked for by clients */

enum job_kind {
	JOB_CREATE,   /* to running */
	JOB_DESTROY,  /* to destroyed */
	JOB_UNDO,     /* a create that failed: to absent */
	JOB_EXIT,     /* the VMM is gone: to exited */
	JOB_NETWORK,  /* a running VM's network to what its state says */
	JOB_RESOLVER, /* a new resolver for one that died */
	JOB_PAUSE,    /* the guest of a living VMM stops: to paused */
	JOB_RESUME,   /* it goes on: to running */
	JOB_HANG_UP,  /* ends the agent port's connection; no change of state */
};

struct job {
	struct job *next; /* host.job_list */
	enum job_kind kind;
	struct vm *vm;
	struct request *request; /* to be answered at its end, or NULL */
	pid_t pid;
	int reader;	/* its result comes here */
	int64_t end_ms; /* time_mono_ms */
	bool late;	/* was killed at its deadline */
};

/* How it ended: ERR_NONE and the state that is in the state file now, or why
 * it failed. */
struct job_result {
	struct err err;
	struct vm_state st;
};

const char *job_kind_name(enum job_kind k);
/* Starts one for a VM that has none, from vm->st. 0 or -1. */
int job_start(struct host *h, struct vm *vm, enum job_kind kind,
	      struct request *r, struct err *e);
struct job *job_find(const struct host *h, pid_t pid);
/* Its process was reaped: reads the result, takes it off the VM, frees it. */
void job_finish(struct host *h, struct job *j, int wait_status,
		struct job_result *out);
/* Kills what is over its deadline; milliseconds to the next one, or -1. */
int job_check_deadlines(struct host *h);
