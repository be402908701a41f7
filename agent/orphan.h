/*
 * Output pipes that outlived their command, since a background child holds
 * them. They are read and thrown away, slowly, so that the child neither dies
 * of SIGPIPE nor keeps the agent busy.
 */
#pragma once

#include <stddef.h>

#include "loop.h"

#define ORPHANS_MAX 128 /* then the oldest is closed */

struct orphan;

struct orphan_table {
	struct loop *loop;
	struct orphan *list; /* newest first */
	size_t count;
	struct loop_timer rest;
};

void orphan_table_init(struct orphan_table *t, struct loop *l);
void orphan_table_fini(struct orphan_table *t);
/* Takes `fd`, non-blocking. */
void orphan_add(struct orphan_table *t, int fd);
