/*
 * Packet filter rules (nf_tables) as data: a rule is a list of steps, a table
 * is replaced as a whole in one transaction of the kernel. All tables are of
 * family inet.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct netlink;

#define NFT_STEPS_MAX 12
#define NFT_TEXT_MAX 16

enum nft_kind {
	NFT_STEP_END,
	NFT_STEP_LOAD_META,    /* key: NFT_META_* */
	NFT_STEP_LOAD_CT,      /* key: NFT_CT_* */
	NFT_STEP_LOAD_NETWORK, /* key: offset in the IP header; size */
	NFT_STEP_LOAD_PORT,    /* destination port */
	NFT_STEP_LOAD_FIB,     /* key: NFT_FIB_RESULT_*; value: NFTA_FIB_F_* */
	NFT_STEP_MASK,	       /* value, as loaded; four bytes */
	NFT_STEP_MASK_PARAM,   /* value: index of a parameter */
	NFT_STEP_CMP,	       /* key: NFT_CMP_*; value, or text of `size` */
	NFT_STEP_CMP_PARAM,    /* key: NFT_CMP_*; value: index of a parameter */
	NFT_STEP_LOOKUP,       /* text: the set */
	NFT_STEP_OVER_PARAM,   /* more connections than parameter `value` */
	NFT_STEP_COUNTER,
	NFT_STEP_NOTRACK,
	NFT_STEP_REJECT, /* administratively prohibited */
	NFT_STEP_MASQUERADE,
	NFT_STEP_SNAT_PARAM, /* to the address in parameter `value` */
	NFT_STEP_VERDICT,    /* value: NF_ACCEPT, NF_DROP */
};

/* Each load goes to one register; the steps after it read that. */
struct nft_step {
	enum nft_kind kind;
	uint32_t key, size;
	uint32_t value; /* as loaded: an address in network order */
	char text[NFT_TEXT_MAX];
};

struct nft_chain {
	const char *name, *type;
	uint32_t hook;
	int32_t priority;
	uint32_t policy; /* NF_ACCEPT, NF_DROP */
};

/* What is between begin and commit fills a table that is not there yet. */
void nft_begin(struct netlink *n, const char *table);
/* The same for one that may be there: it is emptied first. Slower: the kernel
 * waits until nobody uses what is deleted. */
void nft_begin_again(struct netlink *n, const char *table);
void nft_add_chain(struct netlink *n, const char *table,
		   const struct nft_chain *c);
/* A set of IPv4 addresses. `ranges`: of intervals. `timeout_s`: 0, or the life
 * of elements that something else adds, at most `size` of them. */
void nft_add_set(struct netlink *n, const char *table, const char *name,
		 bool ranges, uint32_t timeout_s, uint32_t size);
/* Addresses in host order. */
void nft_add_addresses(struct netlink *n, const char *table, const char *set,
		       const uint32_t *addr, size_t count);

struct nft_range {
	uint32_t addr, bits; /* host order; the prefix's length */
};

/* In ascending order and without overlap. */
void nft_add_ranges(struct netlink *n, const char *table, const char *set,
		    const struct nft_range *r, size_t count);
/* `params`: what the steps ending in _PARAM mean, as loaded. */
void nft_add_rule(struct netlink *n, const char *table, const char *chain,
		  const struct nft_step *steps, const uint32_t *params);
/* All of it takes effect at once, or nothing. */
int nft_commit(struct netlink *n, const char *what, struct err *e);
/* Forgets every tracked connection of the socket's namespace. */
int nft_flush_connections(struct netlink *n, struct err *e);
