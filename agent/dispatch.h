/* The table of operations: what an OPEN may ask, and who does it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "channel.h"

struct agent;
struct err;
struct frame;
struct link;
struct link_ops;

union dispatch_record {
	struct claim claim;
	struct exec exec;
	struct exec_ref exec_ref;
	struct plan plan;
	struct file_list file_list;
	struct file_read file_read;
	struct file_write file_write;
	struct file_path file_path;
	struct file_mkdir file_mkdir;
	struct file_move file_move;
};

struct dispatch_request {
	enum stream_op op;
	json_t *json; /* owns what the record points to */
	union dispatch_record record;
};

/* Reads an OPEN's payload. `claimed`: otherwise only a claim is allowed. */
int dispatch_parse(struct dispatch_request *out, const void *payload, size_t n,
		   bool claimed, struct err *e);
void dispatch_request_fini(struct dispatch_request *r);

/* For link_init: the link is the `link` member of a struct agent. */
extern const struct link_ops dispatch_link_ops;
