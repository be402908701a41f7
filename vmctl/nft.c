#include "nft.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>

#include "netlink.h"

#define REG NFT_REG_1
#define DESTINATION_PORT 2 /* offset in a TCP or UDP header */
#define TYPE_IPV4 7	   /* how nft(8) shows the elements of a set */

static void
begin(struct netlink *n, int subsystem, int message, int flags, int family)
{
	struct nfgenmsg g = {.nfgen_family = (uint8_t)family,
			     .version = NFNETLINK_V0};

	netlink_begin(n, subsystem << 8 | message, flags, &g, sizeof(g));
}

static void
begin_table(struct netlink *n, int message, int flags)
{
	begin(n, NFNL_SUBSYS_NFTABLES, message, flags, NFPROTO_INET);
}

static void
mark_batch(struct netlink *n, int type)
{
	struct nfgenmsg g = {.version = NFNETLINK_V0,
			     .res_id = htons(NFNL_SUBSYS_NFTABLES)};

	netlink_begin(n, type, 0, &g, sizeof(g));
}

static void
add_table(struct netlink *n, int message, const char *table)
{
	begin_table(n, message, message == NFT_MSG_NEWTABLE ? NLM_F_CREATE : 0);
	netlink_attr_str(n, NFTA_TABLE_NAME, table);
}

void
nft_begin(struct netlink *n, const char *table)
{
	mark_batch(n, NFNL_MSG_BATCH_BEGIN);
	add_table(n, NFT_MSG_NEWTABLE, table);
}

void
nft_begin_again(struct netlink *n, const char *table)
{
	nft_begin(n, table);
	/* It is there now, so that it can be deleted. */
	add_table(n, NFT_MSG_DELTABLE, table);
	add_table(n, NFT_MSG_NEWTABLE, table);
}

void
nft_add_chain(struct netlink *n, const char *table, const struct nft_chain *c)
{
	size_t hook;

	begin_table(n, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
	netlink_attr_str(n, NFTA_CHAIN_TABLE, table);
	netlink_attr_str(n, NFTA_CHAIN_NAME, c->name);
	hook = netlink_nest(n, NFTA_CHAIN_HOOK);
	netlink_attr_be32(n, NFTA_HOOK_HOOKNUM, c->hook);
	netlink_attr_be32(n, NFTA_HOOK_PRIORITY, (uint32_t)c->priority);
	netlink_nest_end(n, hook);
	netlink_attr_be32(n, NFTA_CHAIN_POLICY, c->policy);
	netlink_attr_str(n, NFTA_CHAIN_TYPE, c->type);
}

void
nft_add_set(struct netlink *n, const char *table, const char *name, bool ranges,
	    uint32_t timeout_s, uint32_t size)
{
	uint32_t flags = (ranges ? NFT_SET_INTERVAL : 0) |
			 (timeout_s > 0 ? NFT_SET_TIMEOUT : 0);
	size_t desc;

	begin_table(n, NFT_MSG_NEWSET, NLM_F_CREATE);
	netlink_attr_str(n, NFTA_SET_TABLE, table);
	netlink_attr_str(n, NFTA_SET_NAME, name);
	netlink_attr_be32(n, NFTA_SET_FLAGS, flags);
	netlink_attr_be32(n, NFTA_SET_KEY_TYPE, TYPE_IPV4);
	netlink_attr_be32(n, NFTA_SET_KEY_LEN, sizeof(uint32_t));
	netlink_attr_be32(n, NFTA_SET_ID, n->seq);
	if (timeout_s > 0)
		netlink_attr_be64(n, NFTA_SET_TIMEOUT,
				  (uint64_t)timeout_s * 1000);
	if (size > 0) {
		desc = netlink_nest(n, NFTA_SET_DESC);
		netlink_attr_be32(n, NFTA_SET_DESC_SIZE, size);
		netlink_nest_end(n, desc);
	}
}

static size_t
begin_elements(struct netlink *n, const char *table, const char *set)
{
	begin_table(n, NFT_MSG_NEWSETELEM, NLM_F_CREATE);
	netlink_attr_str(n, NFTA_SET_ELEM_LIST_TABLE, table);
	netlink_attr_str(n, NFTA_SET_ELEM_LIST_SET, set);
	return netlink_nest(n, NFTA_SET_ELEM_LIST_ELEMENTS);
}

static void
add_element(struct netlink *n, uint32_t addr, uint32_t flags)
{
	size_t element = netlink_nest(n, NFTA_LIST_ELEM), key;

	key = netlink_nest(n, NFTA_SET_ELEM_KEY);
	netlink_attr_be32(n, NFTA_DATA_VALUE, addr);
	netlink_nest_end(n, key);
	if (flags)
		netlink_attr_be32(n, NFTA_SET_ELEM_FLAGS, flags);
	netlink_nest_end(n, element);
}

void
nft_add_addresses(struct netlink *n, const char *table, const char *set,
		  const uint32_t *addr, size_t count)
{
	size_t elements;

	if (count == 0)
		return;
	elements = begin_elements(n, table, set);
	for (size_t i = 0; i < count; i++)
		add_element(n, addr[i], 0);
	netlink_nest_end(n, elements);
}

static uint64_t
range_end(const struct nft_range *r)
{
	return (uint64_t)r->addr + (UINT64_C(1) << (32 - r->bits));
}

void
nft_add_ranges(struct netlink *n, const char *table, const char *set,
	       const struct nft_range *r, size_t count)
{
	size_t elements = begin_elements(n, table, set);

	for (size_t i = 0; i < count; i++) {
		bool joined = i > 0 && range_end(&r[i - 1]) == r[i].addr;
		uint64_t end = range_end(&r[i]);

		assert(i == 0 || range_end(&r[i - 1]) <= r[i].addr);
		if (!joined)
			add_element(n, r[i].addr, 0);
		/* The end of the last address is none. */
		if (end <= UINT32_MAX &&
		    (i + 1 == count || r[i + 1].addr != end))
			add_element(n, (uint32_t)end,
				    NFT_SET_ELEM_INTERVAL_END);
	}
	netlink_nest_end(n, elements);
}

/* One expression: its name, then its attributes in a nest. */
struct expr {
	size_t element, data;
};

static struct expr
expr_begin(struct netlink *n, const char *name)
{
	struct expr x = {.element = netlink_nest(n, NFTA_LIST_ELEM)};

	netlink_attr_str(n, NFTA_EXPR_NAME, name);
	x.data = netlink_nest(n, NFTA_EXPR_DATA);
	return x;
}

static void
expr_end(struct netlink *n, struct expr x)
{
	netlink_nest_end(n, x.data);
	netlink_nest_end(n, x.element);
}

static void
add_data(struct netlink *n, int type, const void *value, size_t size)
{
	size_t nest = netlink_nest(n, type);

	netlink_attr(n, NFTA_DATA_VALUE, value, size);
	netlink_nest_end(n, nest);
}

static void
add_payload(struct netlink *n, uint32_t base, uint32_t offset, uint32_t size)
{
	struct expr x = expr_begin(n, "payload");

	netlink_attr_be32(n, NFTA_PAYLOAD_DREG, REG);
	netlink_attr_be32(n, NFTA_PAYLOAD_BASE, base);
	netlink_attr_be32(n, NFTA_PAYLOAD_OFFSET, offset);
	netlink_attr_be32(n, NFTA_PAYLOAD_LEN, size);
	expr_end(n, x);
}

/* Each adds what one kind of step is. */
#define STEP(name) \
	static void name(struct netlink *n, const struct nft_step *s, \
			 const uint32_t *params)
#define UNUSED(x) (void)(x)

STEP(add_meta)
{
	struct expr x = expr_begin(n, "meta");

	UNUSED(params);
	netlink_attr_be32(n, NFTA_META_DREG, REG);
	netlink_attr_be32(n, NFTA_META_KEY, s->key);
	expr_end(n, x);
}

STEP(add_ct)
{
	struct expr x = expr_begin(n, "ct");

	UNUSED(params);
	netlink_attr_be32(n, NFTA_CT_DREG, REG);
	netlink_attr_be32(n, NFTA_CT_KEY, s->key);
	expr_end(n, x);
}

STEP(add_network)
{
	UNUSED(params);
	add_payload(n, NFT_PAYLOAD_NETWORK_HEADER, s->key, s->size);
}

STEP(add_port)
{
	UNUSED(s);
	UNUSED(params);
	add_payload(n, NFT_PAYLOAD_TRANSPORT_HEADER, DESTINATION_PORT, 2);
}

STEP(add_fib)
{
	struct expr x = expr_begin(n, "fib");

	UNUSED(params);
	netlink_attr_be32(n, NFTA_FIB_DREG, REG);
	netlink_attr_be32(n, NFTA_FIB_RESULT, s->key);
	netlink_attr_be32(n, NFTA_FIB_FLAGS, s->value);
	expr_end(n, x);
}

static void
add_bitwise(struct netlink *n, uint32_t mask)
{
	struct expr x = expr_begin(n, "bitwise");
	const uint32_t zero = 0;

	netlink_attr_be32(n, NFTA_BITWISE_SREG, REG);
	netlink_attr_be32(n, NFTA_BITWISE_DREG, REG);
	netlink_attr_be32(n, NFTA_BITWISE_LEN, sizeof(mask));
	add_data(n, NFTA_BITWISE_MASK, &mask, sizeof(mask));
	add_data(n, NFTA_BITWISE_XOR, &zero, sizeof(zero));
	expr_end(n, x);
}

STEP(add_mask)
{
	UNUSED(params);
	add_bitwise(n, s->value);
}

STEP(add_mask_param)
{
	add_bitwise(n, params[s->value]);
}

static void
compare(struct netlink *n, uint32_t how, const void *value, size_t size)
{
	struct expr x = expr_begin(n, "cmp");

	netlink_attr_be32(n, NFTA_CMP_SREG, REG);
	netlink_attr_be32(n, NFTA_CMP_OP, how);
	add_data(n, NFTA_CMP_DATA, value, size);
	expr_end(n, x);
}

STEP(add_cmp)
{
	const void *value = s->text[0] ? (const void *)s->text : &s->value;

	UNUSED(params);
	compare(n, s->key, value, s->size);
}

STEP(add_cmp_param)
{
	compare(n, s->key, &params[s->value], sizeof(params[0]));
}

STEP(add_lookup)
{
	struct expr x = expr_begin(n, "lookup");

	UNUSED(params);
	netlink_attr_str(n, NFTA_LOOKUP_SET, s->text);
	netlink_attr_be32(n, NFTA_LOOKUP_SREG, REG);
	expr_end(n, x);
}

STEP(add_over_param)
{
	struct expr x = expr_begin(n, "connlimit");

	netlink_attr_be32(n, NFTA_CONNLIMIT_COUNT, params[s->value]);
	netlink_attr_be32(n, NFTA_CONNLIMIT_FLAGS, NFT_CONNLIMIT_F_INV);
	expr_end(n, x);
}

STEP(add_reject)
{
	struct expr x = expr_begin(n, "reject");
	const uint8_t code = NFT_REJECT_ICMPX_ADMIN_PROHIBITED;

	UNUSED(s);
	UNUSED(params);
	netlink_attr_be32(n, NFTA_REJECT_TYPE, NFT_REJECT_ICMPX_UNREACH);
	netlink_attr(n, NFTA_REJECT_ICMP_CODE, &code, sizeof(code));
	expr_end(n, x);
}

STEP(add_snat_param)
{
	struct expr x = expr_begin(n, "immediate");

	netlink_attr_be32(n, NFTA_IMMEDIATE_DREG, REG);
	add_data(n, NFTA_IMMEDIATE_DATA, &params[s->value], sizeof(params[0]));
	expr_end(n, x);
	x = expr_begin(n, "nat");
	netlink_attr_be32(n, NFTA_NAT_TYPE, NFT_NAT_SNAT);
	netlink_attr_be32(n, NFTA_NAT_FAMILY, NFPROTO_IPV4);
	netlink_attr_be32(n, NFTA_NAT_REG_ADDR_MIN, REG);
	expr_end(n, x);
}

STEP(add_verdict)
{
	struct expr x = expr_begin(n, "immediate");
	size_t data, nest;

	UNUSED(params);
	netlink_attr_be32(n, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	data = netlink_nest(n, NFTA_IMMEDIATE_DATA);
	nest = netlink_nest(n, NFTA_DATA_VERDICT);
	netlink_attr_be32(n, NFTA_VERDICT_CODE, s->value);
	netlink_nest_end(n, nest);
	netlink_nest_end(n, data);
	expr_end(n, x);
}

/* Expressions that have nothing but a name. */
STEP(add_plain)
{
	static const char *const names[] = {
		[NFT_STEP_COUNTER] = "counter",
		[NFT_STEP_NOTRACK] = "notrack",
		[NFT_STEP_MASQUERADE] = "masq",
	};

	UNUSED(params);
	expr_end(n, expr_begin(n, names[s->kind]));
}

static void (*const adders[])(struct netlink *n, const struct nft_step *s,
			      const uint32_t *params) = {
	[NFT_STEP_LOAD_META] = add_meta,
	[NFT_STEP_LOAD_CT] = add_ct,
	[NFT_STEP_LOAD_NETWORK] = add_network,
	[NFT_STEP_LOAD_PORT] = add_port,
	[NFT_STEP_LOAD_FIB] = add_fib,
	[NFT_STEP_MASK] = add_mask,
	[NFT_STEP_MASK_PARAM] = add_mask_param,
	[NFT_STEP_CMP] = add_cmp,
	[NFT_STEP_CMP_PARAM] = add_cmp_param,
	[NFT_STEP_LOOKUP] = add_lookup,
	[NFT_STEP_OVER_PARAM] = add_over_param,
	[NFT_STEP_COUNTER] = add_plain,
	[NFT_STEP_NOTRACK] = add_plain,
	[NFT_STEP_REJECT] = add_reject,
	[NFT_STEP_MASQUERADE] = add_plain,
	[NFT_STEP_SNAT_PARAM] = add_snat_param,
	[NFT_STEP_VERDICT] = add_verdict,
};

void
nft_add_rule(struct netlink *n, const char *table, const char *chain,
	     const struct nft_step *steps, const uint32_t *params)
{
	size_t expressions;

	begin_table(n, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
	netlink_attr_str(n, NFTA_RULE_TABLE, table);
	netlink_attr_str(n, NFTA_RULE_CHAIN, chain);
	expressions = netlink_nest(n, NFTA_RULE_EXPRESSIONS);
	for (size_t i = 0; i < NFT_STEPS_MAX && steps[i].kind; i++)
		adders[steps[i].kind](n, &steps[i], params);
	netlink_nest_end(n, expressions);
}

int
nft_commit(struct netlink *n, const char *what, struct err *e)
{
	netlink_want_ack(n);
	mark_batch(n, NFNL_MSG_BATCH_END);
	return netlink_send(n, what, e);
}

int
nft_flush_connections(struct netlink *n, struct err *e)
{
	begin(n, NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_DELETE, 0, AF_UNSPEC);
	return netlink_send(n, "flush connections", e);
}
