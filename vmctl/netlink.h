/*
 * Netlink requests in batches: messages are built one after the other into one
 * buffer, sent at once, and answered by the kernel before the send returns.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

#define NETLINK_BATCH_MAX 32768

struct netlink {
	int sock;	  /* of the network namespace in which it was opened */
	uint32_t seq;	  /* of the last message */
	uint32_t ack;	  /* of the message that is confirmed; 0: none yet */
	size_t len, last; /* used; where the open message begins */
	bool full;	  /* a message did not fit */
	_Alignas(8) uint8_t data[NETLINK_BATCH_MAX];
};

/* `family`: NETLINK_ROUTE or NETLINK_NETFILTER. */
int netlink_open(struct netlink *n, int family, struct err *e);
/* Fine when it was never opened but set to {.sock = -1}. */
void netlink_close(struct netlink *n);
/* Begins a message with a header of its own of `size` bytes, which are copied.
 * NLM_F_REQUEST is added to the flags. */
void netlink_begin(struct netlink *n, int type, int flags, const void *header,
		   size_t size);
/* Attributes of the open message. */
void netlink_attr(struct netlink *n, int type, const void *value, size_t size);
void netlink_attr_str(struct netlink *n, int type, const char *text);
void netlink_attr_be32(struct netlink *n, int type, uint32_t value);
void netlink_attr_be64(struct netlink *n, int type, uint64_t value);
/* A nested attribute: what is added until its end is inside. */
size_t netlink_nest(struct netlink *n, int type);
void netlink_nest_end(struct netlink *n, size_t nest);
/* Bytes without an attribute header, as some nests begin with. */
void netlink_raw(struct netlink *n, const void *value, size_t size);
/* Asks the kernel to confirm the open message: one of a batch is enough, since
 * failures are told of every message. */
void netlink_want_ack(struct netlink *n);
/*
 * Sends the batch and reads to the confirmation (of the last message, where
 * none was asked for) or the first failure. Empty afterwards. After a failure
 * nothing else may be asked of this socket.
 */
int netlink_send(struct netlink *n, const char *what, struct err *e);
/* As netlink_send for one request that is answered with data: calls fn for each
 * message until the end of the answer. */
int netlink_query(struct netlink *n, const char *what,
		  void (*fn)(const void *payload, size_t size, void *arg),
		  void *arg, struct err *e);
