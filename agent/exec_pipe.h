/* The two output pipes of a command. */
#pragma once

#include <stdbool.h>

struct exec_pipe;
struct exec_run;

/* Takes `fd`, non-blocking. */
void exec_pipe_init(struct exec_pipe *p, struct exec_run *x, int fd,
		    bool is_err);
void exec_pipe_fini(struct exec_pipe *p);
void exec_pipe_watch(struct exec_pipe *p, bool read);
/* The command ended: only what is in the pipe now belongs to it. */
void exec_pipe_exited(struct exec_pipe *p);
