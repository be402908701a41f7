/*
 * The network namespace of a VM: unnamed, so that it ends with the processes
 * inside, whatever becomes of this program.
 *
 *	guest -- tap0 [namespace: filter, NAT] up0 -- veth [host: filter, NAT]
 *
 * A namespace of mode `none` has a tap and no uplink.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "net_rules.h"

struct err;

struct net_spec {
	enum net_mode mode;
	uid_t uid;	      /* of the VM; names the host's end */
	uint32_t base;	      /* its first address, host order */
	uint32_t connections; /* tracked at once */
	uint32_t bytes_per_s; /* each way; 0: no limit */
	const struct net_peers *peers;
};

#define NET_NS_LINK_SIZE 16

/* The host's end of the VM's uplink. */
void net_ns_link_name(uid_t uid, char out[NET_NS_LINK_SIZE]);
/*
 * Makes one, with its tap, and stays outside of it. The caller must have one
 * thread. Needs CAP_SYS_ADMIN and CAP_NET_ADMIN. Two owned descriptors; when
 * both are closed and no process is inside, all of it is gone.
 */
int net_ns_make(const struct net_spec *s, int *out_ns, int *out_tap,
		struct err *e);
/*
 * Changes the namespace `ns_fd` to what `s` says: new rules at once, then no
 * connection is remembered and no name is allowed; then the uplink comes or
 * goes. When it fails, nothing that `s` forbids passes, once the rules are in.
 */
int net_ns_change(const struct net_spec *s, int ns_fd, struct err *e);
