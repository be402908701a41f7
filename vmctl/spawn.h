/* Starts a program in a jail. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

struct err;
struct jail;

#define SPAWN_FD_FIRST 3
#define SPAWN_FDS_MAX 16

struct spawn {
	const struct jail *jail;
	const char *program;	 /* a path in the jail */
	const char *const *argv; /* NULL-terminated; the environment is empty */
	const int *fds; /* become SPAWN_FD_FIRST, +1, ... in the program */
	size_t fd_count;
	int input_fd; /* becomes its standard input; -1: empty */
	int log_fd;   /* becomes its standard output and error */
};

/*
 * Returns the pid once the program has been executed: a child of the caller,
 * leader of a session of its own. It outlives the caller from then on; when
 * the caller dies before, so does the child. -1 and nothing runs.
 */
pid_t spawn_in_jail(const struct spawn *s, struct err *e);
