/*
 * Undoes a create whose guest failed: the row is marked, the VM destroyed, the
 * row settled. What fails in between is left to the keeper, whose lease on the
 * row runs.
 */
#pragma once

#include "err.h"
#include "id.h"
#include "jobs.h"
#include "model/sandbox.h"

struct gateway;

struct undo {
	struct gateway *gw;
	char sandbox[ID_SIZE];
	int64_t creating_op_id; /* of the row in `creating` */
	struct err problem;	/* what the client and a repeat are told */
	const char *steps;	/* what was done until then; NULL: nothing */
	void (*done)(struct undo *u);
	/* the rest is undo.c's */
	int64_t op_id;
	bool marked;
	struct job job;
};

/* `u`, its first five members and `done` set, lives until done is called. */
void undo_start(struct undo *u);
