/*
 * Commands in guests. An exec lives here from its start until its end is in
 * the database; then the agent is told to forget it. It goes on when its client
 * leaves, and is attached to again when its channel breaks.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "store/store_exec.h"

struct exec_live;
struct gateway;

/* NULL when it is not here. */
struct exec_live *exec_find(struct gateway *gw, const char *id);
bool exec_belongs(const struct exec_live *x, const char *sandbox);
/* The answer of GET .../exec/{xid}; owned by the caller. */
json_t *exec_json(const struct exec_live *x);
/* Follows an exec that a former gateway started; `row` is what is known of it
 * (id, sandbox, boot and started_us at least). `command` is taken over. */
void exec_collect(struct gateway *gw, const struct store_exec *row,
		  char *command, bool is_argv);
/* Its end is durable in the database. */
void exec_saved(struct gateway *gw, const char *id);
/* The scribe takes output again. */
void exec_drained(struct gateway *gw);
void exec_free_all(struct gateway *gw);
