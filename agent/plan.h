/*
 * The plan of this guest: its steps run one after another, as commands of
 * their own, and what each gave is kept for every stream that asks.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "exec.h"
#include "plan_steps.h"

struct err;
struct stream;

enum plan_state {
	PLAN_NONE,    /* no plan came yet */
	PLAN_RUNNING, /* `run` is step `at`'s, or that could not start */
	PLAN_ENDED,   /* `lines` is final */
};

struct plan_run {
	struct exec_table *execs;
	enum plan_state state;
	struct plan_steps steps;
	size_t at;
	char *secret; /* the repository's token, until the plan ended */
	struct exec_watch watch;
	int64_t deadline_ms;
	struct buf lines;      /* one JSON plan_result each */
	struct stream *stream; /* NULL: nobody is attached */
	size_t sent;	       /* bytes of `lines` */
};

void plan_init(struct plan_run *p, struct exec_table *execs);
void plan_fini(struct plan_run *p);
/* Starts the plan, or attaches the stream to the one there is. 0 or -1. */
int plan_open(struct plan_run *p, struct stream *s, const struct plan *plan,
	      struct err *e);
