/* Interfaces, addresses and routes: requests to rtnetlink. Addresses are in
 * host order. */
#pragma once

#include <stdint.h>

struct err;
struct net_peers;
struct netlink;

/* Makes the pair of which NET_UPLINK appears in the namespace `ns_fd` and the
 * other end, up, in that of `n`, with its address and routes to the VM's
 * addresses. `base`: the VM's first address. One that is there is replaced. */
int net_link_pair(struct netlink *n, const char *name, int ns_fd, uint32_t base,
		  struct err *e);
/* Deletes an interface, and its other end; a missing one is fine. */
int net_link_delete(struct netlink *n, const char *name, struct err *e);
/* In the namespace of the VM: the tap's address, hardware address and state. */
int net_link_tap(struct netlink *n, uint32_t bytes_per_s, struct err *e);
/* In the namespace of the VM: the uplink's addresses, state and the way out.
 */
int net_link_uplink(struct netlink *n, uint32_t base, uint32_t bytes_per_s,
		    struct err *e);
/* Appends every IPv4 address of the namespace of `n`, but those of VMs. -1
 * when there are too many. */
int net_link_addresses(struct netlink *n, struct net_peers *out, struct err *e);

struct net_counters {
	uint64_t from_guest, to_guest; /* bytes, at the host's end */
};

/* 0, or -1 when there is no such interface. */
int net_link_counters(struct netlink *n, const char *name,
		      struct net_counters *out);
