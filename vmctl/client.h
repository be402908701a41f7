/* One connection to the daemon, and who is at its other end. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "loop.h"

#define CLIENT_REQUESTS_MAX 64 /* of one connection, unanswered */

struct client {
	struct loop_src src; /* fd -1: the connection is gone */
	struct loop *loop;
	struct client *next, **link; /* server.clients, while connected */
	unsigned refs;	/* one of the connection, one of each request */
	unsigned roles; /* enum vmctl_role bits, by uid */
	uid_t uid;
	pid_t pid;
};

/* On the list; owns the connected descriptor. NULL: no memory. */
struct client *client_new(struct loop *l, struct client **list, int fd);
struct client *client_ref(struct client *c);
void client_unref(struct client *c);
/* Closes the connection and drops its reference. Requests go on. */
void client_close(struct client *c);
/* A reply. A client that does not read its replies is disconnected. */
void client_send(struct client *c, const char *text, size_t len, int fd);
