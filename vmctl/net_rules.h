/* Fills the tables of net_rules.def. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

#define NET_NS_TABLE "caged"
#define NET_VETH_PREFIX "cage" /* and the VM's uid: the host's end */
#define NET_TAP "tap0"
#define NET_UPLINK "up0"
#define NET_GATEWAY_ADDR 0xac1e0001 /* 172.30.0.1 */
#define NET_GUEST_ADDR 0xac1e0002   /* 172.30.0.2 */
/* The group of resolvers: no file and no other process has it. */
#define NET_RESOLVER_GID 4200053
#define NET_HOST_ADDRS_MAX 256
#define NET_RESOLVERS_MAX 3 /* as resolv.conf has */
/* Addresses of one VM, from its first: host's end, guest, resolver. The last
 * two bits tell them apart. */
#define NET_ADDRS 4u
#define NET_ADDR_GUEST 2u
#define NET_ADDR_RESOLVER 3u

enum net_mode {
#define NET_MODE(name, bit) NET_MODE_##name,
#include "net_modes.def"
#undef NET_MODE
	NET_MODE_COUNT
};

/* Addresses in host order. */
struct net_peers {
	uint32_t host[NET_HOST_ADDRS_MAX]; /* every address of the host */
	size_t host_count;
	uint32_t resolver[NET_RESOLVERS_MAX];
	size_t resolver_count;
};

struct netlink;

const char *net_mode_name(enum net_mode m);
/* -1 when unknown. */
int net_mode_from_name(const char *name);
struct nft_range;
/* The ranges that are denied to every guest; their number. */
size_t net_rules_denied(const struct nft_range **out);
/* Whether all of [first, last] is denied to every guest. */
bool net_rules_deny(uint32_t first, uint32_t last);

/* Replaces the rules of the namespace of `n` (NETLINK_NETFILTER) at once.
 * `base`: the first address of the VM. `fresh`: it has no rules yet. */
int net_rules_ns(struct netlink *n, enum net_mode mode, uint32_t base,
		 uint32_t connections, const struct net_peers *p, bool fresh,
		 struct err *e);
/* The host's, for VMs with addresses in [base, base + count); `count` is a
 * power of two. The table's name tells several ranges apart. */
int net_rules_host(struct netlink *n, uint32_t base, uint32_t count,
		   const struct net_peers *p, struct err *e);
