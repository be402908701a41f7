/* A stored command and its output as the answer to the caller. */
#pragma once

struct call;
struct err;
struct store_exec;

/* As POST .../exec answered. */
int exec_answer_result(struct call *c, const struct store_exec *x,
		       const char *command, struct err *e);
/* As GET .../exec/{xid} answers. */
int exec_answer_row(struct call *c, const struct store_exec *x,
		    const char *command, struct err *e);
