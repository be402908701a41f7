/* What every forked child undoes of PID 1 before it acts for a user. */
#pragma once

struct err;

/* Default signals, nothing blocked, umask 022, own session. Never fails. */
void child_reset(void);
/* Back to the usual OOM score, nice value and limits; needs root. */
int child_unguard(struct err *e);
/* Descriptors above 2 close at exec, whoever forgot to say so. */
void child_close_on_exec(void);
