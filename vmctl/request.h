/* One call of a client, from its packet to its reply. */
#pragma once

#include <stdint.h>

#include "vmctl_proto.h"

struct client;
struct err;

struct request {
	struct request *next;  /* vm.queue */
	struct client *client; /* a reference; its connection may be gone */
	json_t *root;	       /* owned; the strings below live in it */
	int64_t id;
	const char *name; /* of the operation, as it was asked for */
	const struct vmctl_op_row *row; /* NULL: unknown */
	enum vmctl_op op;
	int64_t since_ms;
	union {
		struct vmctl_create_args create;
		struct vmctl_destroy_args destroy;
		struct vmctl_set_network_args set_network;
		struct vmctl_switch_args switches;
		struct vmctl_sandbox_args sandbox;
		struct vmctl_list_args list;
		struct vmctl_no_args none;
	} args;
	const char *sandbox; /* NULL for VMCTL_HOST */
	int64_t op_id;	     /* for VMCTL_MUTATES */
	char *names;	     /* owned: of an allowlist, one a line, or NULL */
};

/* Takes a reference to the client. NULL: no memory. */
struct request *request_new(struct client *c);
/* Reads the packet; the request's id is set as soon as it is known, for the
 * reply to a malformed one. */
int request_parse(struct request *r, const char *packet, size_t len,
		  struct err *e);
/*
 * Each sends the reply, logs what deserves it and frees the request. `ok` is
 * taken over; NULL is an internal error. The descriptor is copied.
 */
void request_done(struct request *r, json_t *ok, int fd);
void request_failed(struct request *r, const struct err *e);
