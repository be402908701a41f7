/*
 * The sandbox's own small files. They live in AGENT_RUN, a tmpfs, and are
 * bound over their places in /etc at boot, before any user's code ran: what
 * belongs to one sandbox enters no snapshot, and PID 1 never opens a path that
 * a user could have replaced.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

struct err;

/* Letters, digits, '-' and '.', as in DNS. */
bool identity_hostname_ok(const char *name);

/* Makes the files and binds them; needs /run. */
int identity_init(struct err *e);
/* Once: host name, /etc/hosts, /etc/hostname, /etc/machine-id. */
int identity_set(const char *hostname, const char *machine_id, struct err *e);
/* The script that login shells read, readable by the sandbox's user alone. */
int identity_write_env(json_t *env, struct err *e);
