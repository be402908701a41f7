/* The network of one VM, from its state: in jobs, as root. */
#pragma once

#include <stdbool.h>

struct err;
struct host;
struct vm_state;

/* Two owned descriptors: the namespace, for the VMM to enter, and its tap. */
int vm_net_make(const struct host *h, const struct vm_state *st, int *out_ns,
		int *out_tap, struct err *e);
/* Starts the resolver that the state asks for, if any, in place of the one it
 * has; records it there. */
int vm_net_resolve(const struct host *h, struct vm_state *st, int ns_fd,
		   struct err *e);
/* Makes the network of a running VM what its state says. */
int vm_net_change(const struct host *h, struct vm_state *st, struct err *e);
/* The namespace of the running VMM; owned. */
int vm_net_open(const struct vm_state *st, struct err *e);
/* Whether the resolver that the state names lives; true when it needs none. */
bool vm_net_resolver_lives(const struct vm_state *st);
