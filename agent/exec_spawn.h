/* Starts a command as a user: the fork, and what the child does until exec. */
#pragma once

#include <sys/types.h>

#include "channel.h"

struct claim_state;
struct err;
struct guard;

/* Owned by the caller; all descriptors are non-blocking. */
struct exec_child {
	int in_fd; /* writes to standard input; -1 = that is /dev/null */
	int out_fd, err_fd;
	int status_fd; /* ends empty when the program runs, else a struct err */
	pid_t pid;
};

/* What the record's table cannot check. */
int exec_spawn_check(const struct exec *req, struct err *e);
/* `group`: its control group, -1 = none. `claim` gives the sandbox's
 * environment. */
int exec_spawn(struct exec_child *out, const struct exec *req,
	       const struct guard *g, int group,
	       const struct claim_state *claim, struct err *e);
