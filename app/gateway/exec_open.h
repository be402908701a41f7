/* The body of POST .../exec as the operation that the guest is sent. */
#pragma once

#include "buf.h"
#include "channel.h"

struct err;

struct exec_open {
	json_t *body; /* owned; `record` borrows from it */
	struct exec record;
	struct buf cwd;	   /* percent-encoded */
	char *text;	   /* owned: the command as rows show it */
	const char *input; /* stdin, when record.stdin */
};

/* `exec` is borrowed. 0, or -1 with INVALID_REQUEST or NOT_IMPLEMENTED. */
int exec_open_read(struct exec_open *o, const char *exec, const void *body,
		   size_t n, struct err *e);
void exec_open_fini(struct exec_open *o);

#define auto_exec_open __attribute__((cleanup(exec_open_fini)))
