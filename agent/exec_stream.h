/* The streams of exec, exec_list, exec_attach and exec_ack. */
#pragma once

#include <stddef.h>

#include "channel.h"

struct err;
struct exec_run;
struct exec_table;
struct sink;
struct stream;

/* Handlers: on -1 the stream is still the caller's. */
int exec_stream_open(struct exec_table *t, struct stream *s,
		     const struct exec *req, struct err *e);
int exec_stream_attach(struct exec_table *t, struct stream *s, const char *id,
		       struct err *e);
int exec_stream_ack(struct exec_table *t, struct stream *s, const char *id,
		    struct err *e);
void exec_stream_list(struct exec_table *t, struct stream *s);

/* What happened to a run, for the stream that is attached to it, if any. */
void exec_stream_started(struct exec_run *x);
void exec_stream_failed(struct exec_run *x, const struct err *e);
void exec_stream_took(struct exec_run *x, size_t stdin_bytes);
/* There is more output, or it ended: sends what it can, then paces the pipes.
 */
void exec_stream_progress(struct exec_run *x);
