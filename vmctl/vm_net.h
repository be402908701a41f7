/* The network of one VM, from its state: in jobs, as root. */
#pragma once

#include <stdbool.h>

struct err;
struct host;
struct vm_state;

/* Two owned descriptors: the namespace, for the VMM to enter, and its tap. */
int vm_net_make(const struct host *h, const struct vm_state *st, int *out_ns,
		int *out_tap, struct err *e);
/* Starts the resolver that the state asks for, if any, and records it there. */
int vm_net_resolve(const struct host *h, struct vm_state *st, int ns_fd,
		   struct err *e);
/* The same in place of the one that a running VM has, or had. */
int vm_net_resolve_again(const struct host *h, struct vm_state *st,
			 struct err *e);
/* Makes the network of a running VM what its state says. */
int vm_net_change(const struct host *h, struct vm_state *st, struct err *e);
/* Whether the resolver that the state names lives; true when it needs none. */
bool vm_net_resolver_lives(const struct vm_state *st);
