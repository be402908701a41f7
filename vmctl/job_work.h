/*
 * What the jobs do, in their own process, as root. Each starts from the state
 * in `st` and leaves there what is in the state file at the end; each may be
 * cut anywhere and run again. `vmm_fd` is the VMM's pidfd or -1.
 */
#pragma once

struct err;
struct host;
struct vm_state;

/* From a state that was never written: fences op_id, boots. On failure all
 * that it left is job_work_undo's. */
int job_work_create(const struct host *h, struct vm_state *st, int vmm_fd,
		    struct err *e);
int job_work_destroy(const struct host *h, struct vm_state *st, int vmm_fd,
		     struct err *e);
int job_work_undo(const struct host *h, struct vm_state *st, int vmm_fd,
		  struct err *e);
int job_work_hang_up(const struct host *h, struct vm_state *st, int vmm_fd,
		     struct err *e);
int job_work_exit(const struct host *h, struct vm_state *st, int vmm_fd,
		  struct err *e);
