/*
 * Workers: short-lived processes that touch files and run git as the sandbox's
 * user, so that PID 1 neither waits for a disk nor opens a user's path. A
 * worker speaks over a packet socket: its packets become frames of its stream
 * (worker_io.h), the stream's DATA becomes its input.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "loop.h"
#include "sink.h"

struct err;
struct guard;
struct stream;
struct worker_io;

#define WORKERS_MAX 32
#define WORKER_ABORT_MS 10000 /* then a worker without a stream is killed */

/* In the child. Sends REPLY and DATA itself; *out_end becomes END. */
typedef int worker_job(struct worker_io *io, const void *record,
		       json_t **out_end, struct err *e);

struct worker {
	struct worker_table *table;
	pid_t pid;    /* 0 = slot is free */
	int group_fd; /* of this slot, made once; -1 = none */
	struct loop_io io;
	struct sink in;
	struct loop_timer abort;
	struct stream *stream; /* NULL = gone: the worker is to stop */
	uint8_t *packet;       /* one that was read and not yet sent whole */
	size_t len, at;
};

struct worker_table {
	struct loop *loop;
	const struct guard *guard;
	size_t max; /* at once, by the guest's memory */
	struct worker slots[WORKERS_MAX];
};

void worker_table_init(struct worker_table *t, struct loop *l,
		       const struct guard *g);
void worker_table_fini(struct worker_table *t);
/* OVERLOADED when too many run; then the stream is still the caller's. */
int worker_start(struct worker_table *t, struct stream *s, worker_job *job,
		 const void *record, struct err *e);
/* A process ended; whether it was one of these. */
bool worker_reaped(struct worker_table *t, pid_t pid);
