/* The network of the host as far as its VMs are concerned. */
#pragma once

#include <stdint.h>

#include "net_rules.h"

struct conf;
struct err;
struct net_spec;
struct vm_state;

struct net_host {
	const struct conf *conf;
	uint32_t base,
		count; /* addresses of all VMs: a power of two, aligned */
	/* What VMs' resolvers may ask. The host's addresses are looked up when
	 * they are needed, since they change. */
	struct net_peers peers;
};

/* Reads the range of addresses from the configuration. */
int net_host_init(struct net_host *h, const struct conf *c, struct err *e);
/* Finds the resolvers that VMs can reach; none is not an error. */
int net_host_resolvers(struct net_host *h, struct err *e);
/* Finds resolvers, sets the host's rules and makes it forward packets. To be
 * repeated at each start of the daemon. */
int net_host_start(struct net_host *h, struct err *e);
/* In a job: what the network of a VM shall be. `peers` is filled, and must
 * live as long as the result. */
int net_host_spec(const struct net_host *h, const struct vm_state *st,
		  struct net_peers *peers, struct net_spec *out, struct err *e);
/* The address by which other parts name the VM, "a.b.c.d". */
void net_host_address(const struct net_host *h, const struct vm_state *st,
		      char out[16]);
/* Reads the addresses of `nameserver` lines that VMs can reach, at most
 * NET_RESOLVERS_MAX; the result is their number. */
size_t net_host_parse_resolvers(const char *text,
				uint32_t out[NET_RESOLVERS_MAX]);
