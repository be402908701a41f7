/*
 * What the jobs do, in their own process, as root. Each starts from the state
 * in `st` and leaves there what is in the state file at the end; each may be
 * cut anywhere and run again.
 */
#pragma once

struct err;
struct host;
struct vm_state;

struct job_task {
	int vmm_fd;	   /* the VMM's pidfd, or -1 */
	const char *names; /* of a new allowlist; NULL: as they are stored */
};

/* From a state that was never written: fences op_id, boots. On failure all
 * that it left is job_work_undo's. */
int job_work_create(const struct host *h, struct vm_state *st,
		    const struct job_task *t, struct err *e);
int job_work_destroy(const struct host *h, struct vm_state *st,
		     const struct job_task *t, struct err *e);
int job_work_undo(const struct host *h, struct vm_state *st,
		  const struct job_task *t, struct err *e);
int job_work_pause(const struct host *h, struct vm_state *st,
		   const struct job_task *t, struct err *e);
int job_work_resume(const struct host *h, struct vm_state *st,
		    const struct job_task *t, struct err *e);
int job_work_hang_up(const struct host *h, struct vm_state *st,
		     const struct job_task *t, struct err *e);
int job_work_exit(const struct host *h, struct vm_state *st,
		  const struct job_task *t, struct err *e);
int job_work_network(const struct host *h, struct vm_state *st,
		     const struct job_task *t, struct err *e);
int job_work_resolver(const struct host *h, struct vm_state *st,
		      const struct job_task *t, struct err *e);
