/*
 * Commands: started for a stream, they run to their end whatever becomes of it,
 * and keep output and result until these are acknowledged or CHANNEL_KEEP_S
 * seconds have passed.
 *
 *	STARTING  forked; the child has not reached its program
 *	RUNNING   the program runs
 *	DRAINING  it ended; what was in its pipes then is still being read
 *	ENDED     the result is final
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "channel.h"
#include "exec_group.h"
#include "exec_output.h"
#include "id.h"
#include "loop.h"
#include "orphan.h"
#include "sink.h"

struct claim_state;
struct err;
struct exec_table;
struct guard;
struct stream;

#define EXEC_KEPT_MAX 512 /* ended and not acknowledged; the oldest go */

enum exec_state { EXEC_STARTING, EXEC_RUNNING, EXEC_DRAINING, EXEC_ENDED };

struct exec_run;

/* Whoever started a command for no stream. */
struct exec_watch {
	/* Its result is final; the watcher forgets the run. */
	void (*ended)(struct exec_watch *w, struct exec_run *x);
	/* It never reached its program, and is forgotten. */
	void (*failed)(struct exec_watch *w, const struct err *e);
};

struct exec_pipe {
	struct exec_run *run;
	struct loop_io io; /* fd -1 at its end */
	bool is_err;
	size_t left;	/* bytes still to read; SIZE_MAX while it runs */
	uint64_t bytes; /* read so far */
};

struct exec_run {
	struct exec_table *table;
	struct exec_run *next; /* exec_table.runs */
	char id[ID_SIZE];
	enum exec_state state;
	pid_t pid;
	struct exec_group group;
	struct loop_io status; /* what kept the child from its program */
	struct exec_pipe out[2];
	struct sink in;
	struct loop_timer timeout;
	bool timed_out;
	int exit_code;
	const char *cause; /* NULL until it ended */
	int64_t started_us, started_mono_us, duration_us, ended_ms;
	struct exec_output output;
	struct exec_watch *watch; /* NULL: a stream started it */
	struct stream *stream;	  /* NULL = nobody is attached */
	uint64_t sent;		  /* position of the stream in the output */
	uint64_t skipped;	  /* of these, bytes that were not kept */
};

struct exec_table {
	struct loop *loop;
	const struct guard *guard;
	const struct claim_state *claim;
	struct exec_run *runs; /* newest first */
	size_t n_live, n_ended;
	struct exec_budget budget;
	struct orphan_table orphans;
	struct exec_groups groups;
	struct loop_timer tidy;
};

void exec_table_init(struct exec_table *t, struct loop *l,
		     const struct guard *g, const struct claim_state *c);
/* Kills what runs and frees everything. */
void exec_table_fini(struct exec_table *t);

/* NULL and an error, or a run in STARTING, of which exec_stream hears more. */
struct exec_run *exec_start(struct exec_table *t, const struct exec *req,
			    struct err *e);
struct exec_run *exec_find(struct exec_table *t, const char *id);
/* An ended run, or one that never started, is forgotten. */
void exec_forget(struct exec_run *x);
/* A process ended; whether it was one of these. */
bool exec_reaped(struct exec_table *t, pid_t pid, int wait_status);

/* Reads its pipes, or stops to, by how much its stream has not sent yet. */
void exec_pace(struct exec_run *x);
