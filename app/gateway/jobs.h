/*
 * Work that blocks, kept off the event loop: a bounded queue, one thread, and
 * completions that come back on the loop.
 */
#pragma once

#include <stddef.h>
#include <sys/queue.h>

struct err;
struct event_base;
struct jobs;

/* Embedded in its owner's object, which must live until `done` was called. */
struct job {
	void (*run)(struct job *j, void *ctx); /* on the thread */
	void (*done)(struct job *j);	       /* on the loop, once */
	TAILQ_ENTRY(job) link;		       /* jobs.waiting, jobs.finished */
};

/* `name` is the thread's (15 bytes); `ctx` is touched by `run` alone. */
struct jobs *jobs_new(struct event_base *base, const char *name, size_t cap,
		      void *ctx, struct err *e);
/* Runs what still waits, ends the thread, calls every `done`; jobs_add fails
 * from then on. */
void jobs_stop(struct jobs *js);
/* Stops it first unless that was done. Takes NULL. */
void jobs_free(struct jobs *js);
/* 0, or -1 when `cap` jobs wait or run: `done` is not called then. */
int jobs_add(struct jobs *js, struct job *j);
