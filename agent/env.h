/* The environment of commands, and the script that gives it to login shells. */
#pragma once

#include <jansson.h>

struct buf;
struct err;
struct user;

#define ENV_NAME_MAX 256

/* `env` (may be NULL): names without '=', string values. */
int env_check(json_t *env, const char *field, struct err *e);

/* The following change the calling process's environment; for a child. */
void env_base(const struct user *u);
void env_apply(json_t *env);
/*
 * CAGED_EXEC names the command, and tells the login script that all values are
 * there already; CAGED_PATH keeps the PATH asked for from /etc/profile, which
 * sets its own.
 */
void env_mark(const char *exec, json_t *claim_env, json_t *exec_env);

/* Appends `export NAME='value'` lines that a shell reads back exactly. Names
 * that no shell variable can have, or that bash keeps read-only, are left out.
 */
int env_script(struct buf *b, json_t *env);

/* For /etc/profile.d; holds no value itself. */
extern const char env_profile[];
