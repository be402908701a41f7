/* A plan as the commands that carry it out. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "channel.h"

struct err;

/* The user name that goes with a repository's token: servers that take tokens
 * take any. */
#define PLAN_GIT_USER "x-access-token"

struct plan_step {
	char name[33];	  /* repo, packages:apt, agents:codex, init_script */
	const char *user; /* static */
	json_t *argv;	  /* owned; or */
	char *command;	  /* owned: for a login shell */
	json_t *env;	  /* owned; NULL: nothing beyond the sandbox's */
	int64_t timeout_ms;
};

struct plan_steps {
	struct plan_step list[CHANNEL_PLAN_STEPS_MAX];
	size_t count;
};

/* INVALID_REQUEST for what no step can be made of; then `out` is empty. */
int plan_steps_make(struct plan_steps *out, const struct plan *plan,
		    struct err *e);
void plan_step_fini(struct plan_step *s);
void plan_steps_fini(struct plan_steps *s);
