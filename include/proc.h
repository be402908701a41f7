/* What every daemon does to its own process. */
#pragma once

struct err;

/* Non-dumpable, no core file, SIGPIPE ignored, umask 0077. */
int proc_harden(struct err *e);
/* Switches to `user` (its uid, gid and groups) for good, when we are root;
 * when we are that user already, nothing. Anything else is an error. */
int proc_become(const char *user, struct err *e);
/* Raises RLIMIT_NOFILE's soft limit to its hard one. */
void proc_raise_nofile(void);
/* Writes "READY=1" to $NOTIFY_SOCKET when there is one. */
void proc_notify_ready(void);
