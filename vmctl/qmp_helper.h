/* A short-lived process without any right that speaks QMP for root. */
#pragma once

#include <sys/types.h>

struct err;

/*
 * Runs one command over the connection as `uid`, in a child that holds nothing
 * but the connection and `log_fd`, where the VMM may have said why it died.
 * The caller learns success, or one line of printable text.
 */
int qmp_helper_run(uid_t uid, int qmp_fd, int log_fd, const char *command,
		   struct err *e);
