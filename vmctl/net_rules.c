#include "net_rules.h"

#include <arpa/inet.h>
#include <assert.h>
#include <linux/icmp.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "err.h"
#include "netlink.h"
#include "nft.h"

#define ALLOWED_MAX 8192 /* addresses that allowed names resolved to */
#define ALLOWED_S 86400	 /* how long each stays */
#define TABLE_NAME_SIZE 32
#define IP_SOURCE 12 /* offsets in the IP header */
#define IP_DESTINATION 16
#define IFNAME_SIZE 16

/* Bits of net_modes.def. */
enum {
#define NET_MODE(name, bit) BIT_##name = (bit),
#include "net_modes.def"
#undef NET_MODE
	MODES_ALL = BIT_none | BIT_full | BIT_allowlist,
	MODES_NAMES = BIT_full | BIT_allowlist, /* there is a resolver */
	MODE_FULL = BIT_full,
	MODE_ALLOWLIST = BIT_allowlist,
};

/* What differs from VM to VM; each as the kernel has it. */
enum param { PARAM_GUEST, PARAM_RESOLVER, PARAM_CONNECTIONS, PARAM_COUNT };
/* The host's parameters: its range of VM addresses. */
enum { PARAM_BASE, PARAM_MASK };

/* The vocabulary of the rows: each name is one or more steps. A string in
 * parentheses would not initialise an array:
 * NOLINTBEGIN(bugprone-macro-parentheses) */
#define META(k) \
	{ \
		.kind = NFT_STEP_LOAD_META, .key = NFT_META_##k \
	}
#define CT_STATE \
	{ \
		.kind = NFT_STEP_LOAD_CT, .key = NFT_CT_STATE \
	}
#define ADDRESS(at) \
	{ \
		.kind = NFT_STEP_LOAD_NETWORK, .key = (at), .size = 4 \
	}
#define CMP(how, v, n) \
	{ \
		.kind = NFT_STEP_CMP, .key = NFT_CMP_##how, .value = (v), \
		.size = (n) \
	}
#define CMP_NAME(how, name, n) \
	{ \
		.kind = NFT_STEP_CMP, .key = NFT_CMP_##how, .text = name, \
		.size = (n) \
	}
#define CMP_PARAM(how, p) \
	{ \
		.kind = NFT_STEP_CMP_PARAM, .key = NFT_CMP_##how, .value = (p) \
	}
#define MASK(v) \
	{ \
		.kind = NFT_STEP_MASK, .value = (v) \
	}
#define STATE(how, bits) CT_STATE, MASK(bits), CMP(how, 0, 4)
#define VERDICT(v) \
	{ \
		.kind = NFT_STEP_VERDICT, .value = (v) \
	}
#define STATE_BIT(s) NF_CT_STATE_BIT(s)

#define IFACE(key, how, name) META(key), CMP_NAME(how, name, IFNAME_SIZE)
#define VM_IFACE(key, how) \
	META(key), CMP_NAME(how, NET_VETH_PREFIX, sizeof(NET_VETH_PREFIX) - 1)
#define FROM_GUEST IFACE(IIFNAME, EQ, NET_TAP)
#define NOT_FROM_GUEST IFACE(IIFNAME, NEQ, NET_TAP)
#define TO_GUEST IFACE(OIFNAME, EQ, NET_TAP)
#define FROM_OUTSIDE IFACE(IIFNAME, EQ, NET_UPLINK)
#define TO_OUTSIDE IFACE(OIFNAME, EQ, NET_UPLINK)
#define FROM_VM VM_IFACE(IIFNAME, EQ)
#define TO_VM VM_IFACE(OIFNAME, EQ)
#define NOT_TO_VM VM_IFACE(OIFNAME, NEQ)

#define IPV4 META(NFPROTO), CMP(EQ, NFPROTO_IPV4, 1)
#define NOT_IPV4 META(NFPROTO), CMP(NEQ, NFPROTO_IPV4, 1)
#define PROTOCOL(p) META(L4PROTO), CMP(EQ, (p), 1)
#define TCP PROTOCOL(IPPROTO_TCP)
#define UDP PROTOCOL(IPPROTO_UDP)
#define ICMP PROTOCOL(IPPROTO_ICMP)
#define PORT(p) {.kind = NFT_STEP_LOAD_PORT}, CMP(EQ, (p) << 8, 2)
#define GUEST_ADDR __builtin_bswap32(NET_GUEST_ADDR)
#define GATEWAY_ADDR __builtin_bswap32(NET_GATEWAY_ADDR)
#define SOURCE(a) ADDRESS(IP_SOURCE), CMP(EQ, a, 4)
#define NOT_SOURCE(a) ADDRESS(IP_SOURCE), CMP(NEQ, a, 4)
#define SOURCE_PARAM(p) ADDRESS(IP_SOURCE), CMP_PARAM(EQ, PARAM_##p)
#define TO(a) ADDRESS(IP_DESTINATION), CMP(EQ, a, 4)
#define TO_SET(name) \
	ADDRESS(IP_DESTINATION), \
	{ \
		.kind = NFT_STEP_LOOKUP, .text = name \
	}
#define LAST_BITS __builtin_bswap32(NET_ADDRS - 1)
#define BY_RESOLVER \
	ADDRESS(IP_SOURCE), MASK(LAST_BITS), \
		CMP(EQ, __builtin_bswap32(NET_ADDR_RESOLVER), 4)
#define OF_VM(at) \
	ADDRESS(at), {.kind = NFT_STEP_MASK_PARAM, .value = PARAM_MASK}, \
		CMP_PARAM(EQ, PARAM_BASE)
#define SOURCE_OF_VM OF_VM(IP_SOURCE)
#define FOR_VM OF_VM(IP_DESTINATION)
#define RESOLVER_GROUP META(SKGID), CMP(EQ, NET_RESOLVER_GID, 4)
#define ESTABLISHED \
	STATE(NEQ, STATE_BIT(IP_CT_ESTABLISHED) | STATE_BIT(IP_CT_RELATED))
#define NOT_ESTABLISHED \
	STATE(EQ, STATE_BIT(IP_CT_ESTABLISHED) | STATE_BIT(IP_CT_RELATED))
#define INVALID STATE(NEQ, NF_CT_STATE_INVALID_BIT)
#define FIB(result, flags) \
	{ \
		.kind = NFT_STEP_LOAD_FIB, .key = NFT_FIB_RESULT_##result, \
		.value = (flags) \
	}
#define NO_WAY_BACK FIB(OIF, NFTA_FIB_F_SADDR | NFTA_FIB_F_IIF), CMP(EQ, 0, 4)
#define NOT_UNICAST FIB(ADDRTYPE, NFTA_FIB_F_DADDR), CMP(NEQ, RTN_UNICAST, 4)
#define OVER_PARAM(p) \
	{ \
		.kind = NFT_STEP_OVER_PARAM, .value = PARAM_##p \
	}

#define COUNTER \
	{ \
		.kind = NFT_STEP_COUNTER \
	}
#define NOTRACK \
	{ \
		.kind = NFT_STEP_NOTRACK \
	}
#define REJECT \
	{ \
		.kind = NFT_STEP_REJECT \
	}
#define MASQUERADE \
	{ \
		.kind = NFT_STEP_MASQUERADE \
	}
#define SNAT_PARAM(p) \
	{ \
		.kind = NFT_STEP_SNAT_PARAM, .value = PARAM_##p \
	}
#define ACCEPT VERDICT(NF_ACCEPT)
#define DROP VERDICT(NF_DROP)

/* NOLINTEND(bugprone-macro-parentheses) */

enum table { TABLE_ns, TABLE_host };

static const struct {
	enum table table;
	struct nft_chain chain;
} chains[] = {
#define NET_CHAIN(table, name, type, hook, priority, policy) \
	{TABLE_##table, {#name, type, hook, priority, policy}},
#include "net_rules.def"
#undef NET_CHAIN
};

static const struct {
	enum table table;
	unsigned modes;
	const char *chain;
	struct nft_step steps[NFT_STEPS_MAX];
} rules[] = {
#define NET_RULE(table, modes, chain, ...) \
	{TABLE_##table, modes, #chain, {__VA_ARGS__}},
#include "net_rules.def"
#undef NET_RULE
};

static const struct nft_range denied[] = {
#define DENIED(a, b, c, d, bits) \
	{(uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d), bits},
#include "net_rules.def"
#undef DENIED
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *name;
	unsigned bit;
} modes[NET_MODE_COUNT] = {
#define NET_MODE(name, bit) [NET_MODE_##name] = {#name, bit},
#include "net_modes.def"
#undef NET_MODE
};

const char *
net_mode_name(enum net_mode m)
{
	assert(m < NET_MODE_COUNT);
	return modes[m].name;
}

int
net_mode_from_name(const char *name)
{
	for (int i = 0; i < NET_MODE_COUNT; i++) {
		if (strcmp(modes[i].name, name) == 0)
			return i;
	}
	return -1;
}

size_t
net_rules_denied(const struct nft_range **out)
{
	*out = denied;
	return COUNT(denied);
}

bool
net_rules_deny(uint32_t first, uint32_t last)
{
	for (size_t i = 0; i < COUNT(denied); i++) {
		uint32_t from = denied[i].addr;
		uint32_t to =
			from +
			(uint32_t)((UINT64_C(1) << (32 - denied[i].bits)) - 1);

		if (first >= from && last <= to && first <= last)
			return true;
	}
	return false;
}

static void
add_table(struct netlink *n, const char *name, enum table t, unsigned mode,
	  const uint32_t *params)
{
	for (size_t i = 0; i < COUNT(chains); i++) {
		if (chains[i].table == t)
			nft_add_chain(n, name, &chains[i].chain);
	}
	for (size_t i = 0; i < COUNT(rules); i++) {
		if (rules[i].table == t && (rules[i].modes & mode))
			nft_add_rule(n, name, rules[i].chain, rules[i].steps,
				     params);
	}
}

static void
add_denied(struct netlink *n, const char *table, const struct net_peers *p)
{
	nft_add_set(n, table, "denied", true, 0, 0);
	nft_add_ranges(n, table, "denied", denied, COUNT(denied));
	nft_add_set(n, table, "resolvers", false, 0, 0);
	nft_add_addresses(n, table, "resolvers", p->resolver,
			  p->resolver_count);
}

int
net_rules_ns(struct netlink *n, enum net_mode mode, uint32_t base,
	     uint32_t connections, const struct net_peers *p, bool fresh,
	     struct err *e)
{
	const uint32_t params[PARAM_COUNT] = {
		[PARAM_GUEST] = htonl(base + NET_ADDR_GUEST),
		[PARAM_RESOLVER] = htonl(base + NET_ADDR_RESOLVER),
		[PARAM_CONNECTIONS] = connections,
	};

	(fresh ? nft_begin : nft_begin_again)(n, NET_NS_TABLE);
	add_denied(n, NET_NS_TABLE, p);
	nft_add_set(n, NET_NS_TABLE, "host", false, 0, 0);
	nft_add_addresses(n, NET_NS_TABLE, "host", p->host, p->host_count);
	if (mode == NET_MODE_allowlist)
		nft_add_set(n, NET_NS_TABLE, "allowed", false, ALLOWED_S,
			    ALLOWED_MAX);
	add_table(n, NET_NS_TABLE, TABLE_ns, modes[mode].bit, params);
	return nft_commit(n, "rules of the VM", e);
}

int
net_rules_host(struct netlink *n, uint32_t base, uint32_t count,
	       const struct net_peers *p, struct err *e)
{
	const uint32_t params[] = {
		[PARAM_BASE] = htonl(base),
		[PARAM_MASK] = htonl(~(count - 1)),
	};
	char table[TABLE_NAME_SIZE];

	assert(count > 0 && (count & (count - 1)) == 0);
	snprintf(table, sizeof(table), NET_NS_TABLE "_%08x", base);
	nft_begin_again(n, table);
	add_denied(n, table, p);
	add_table(n, table, TABLE_host, MODES_ALL, params);
	return nft_commit(n, "rules of the host", e);
}
