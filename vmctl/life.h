/*
 * The life of a VM in the loop: jobs start and end, VMMs die, queues move on.
 *
 *	absent -> creating -> running -> destroying -> destroyed
 *	             |         |   |
 *	             |     paused  |     (and back; from there as from running)
 *	          (undo)       exited -> destroying
 *	             |
 *	          absent
 */
#pragma once

struct err;
struct host;
struct request;
struct vm;

/* Each takes the request over and answers it, now or when its job ends. */
void life_create(struct host *h, struct request *r);
void life_destroy(struct host *h, struct vm *vm, struct request *r);
void life_open_channel(struct host *h, struct vm *vm, struct request *r);
/* Waits for the end of the VM's job. */
void life_enqueue(struct vm *vm, struct request *r);

/* Starts a job that nobody waits for: the rest of an interrupted operation. */
void life_resume(struct host *h, struct vm *vm, int kind);
/* Watches the VMM of a running VM; -1 when it is gone already. */
int life_watch(struct host *h, struct vm *vm, struct err *e);
/* Reaps every child that has died: jobs and VMMs. */
void life_reap(struct host *h);
