#include "netlink.h"

#include <endian.h>
#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "err.h"

#define REPLY_MAX 32768
#define RECEIVE_S 1 /* the kernel answers at once, or never */

int
netlink_open(struct netlink *n, int family, struct err *e)
{
	const struct timeval limit = {.tv_sec = RECEIVE_S};
	int one = 1;

	n->seq = n->ack = 0;
	n->len = n->last = 0;
	n->full = false;
	n->sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, family);
	if (n->sock < 0)
		return err_errno(e, "netlink");
	/* Failures need not bring the request back. */
	setsockopt(n->sock, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	if (setsockopt(n->sock, SOL_SOCKET, SO_RCVTIMEO, &limit,
		       sizeof(limit)) < 0) {
		netlink_close(n);
		return err_errno(e, "netlink");
	}
	return 0;
}

void
netlink_close(struct netlink *n)
{
	if (n->sock >= 0)
		close(n->sock);
	n->sock = -1;
}

static struct nlmsghdr *
open_message(struct netlink *n)
{
	return (struct nlmsghdr *)(void *)(n->data + n->last);
}

/* Room at the end, zeroed to its padding; NULL when full. */
static void *
reserve(struct netlink *n, size_t size)
{
	uint8_t *p = n->data + n->len;

	if (n->full || size > NETLINK_BATCH_MAX - n->len ||
	    NLMSG_ALIGN(size) > NETLINK_BATCH_MAX - n->len) {
		n->full = true;
		return NULL;
	}
	memset(p, 0, NLMSG_ALIGN(size));
	n->len += NLMSG_ALIGN(size);
	return p;
}

static void
measure(struct netlink *n)
{
	if (!n->full)
		open_message(n)->nlmsg_len = (uint32_t)(n->len - n->last);
}

void
netlink_begin(struct netlink *n, int type, int flags, const void *header,
	      size_t size)
{
	struct nlmsghdr *h;

	n->last = n->len;
	h = reserve(n, sizeof(*h));
	if (!h)
		return;
	h->nlmsg_type = (uint16_t)type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	h->nlmsg_seq = ++n->seq;
	netlink_raw(n, header, size);
}

void
netlink_raw(struct netlink *n, const void *value, size_t size)
{
	void *p = reserve(n, size);

	if (p && size > 0)
		memcpy(p, value, size);
	measure(n);
}

void
netlink_attr(struct netlink *n, int type, const void *value, size_t size)
{
	struct nlattr *a = reserve(n, NLA_HDRLEN + size);

	if (!a)
		return;
	a->nla_type = (uint16_t)type;
	a->nla_len = (uint16_t)(NLA_HDRLEN + size);
	if (size > 0)
		memcpy((uint8_t *)a + NLA_HDRLEN, value, size);
	measure(n);
}

void
netlink_attr_str(struct netlink *n, int type, const char *text)
{
	netlink_attr(n, type, text, strlen(text) + 1);
}

void
netlink_attr_be32(struct netlink *n, int type, uint32_t value)
{
	value = htobe32(value);
	netlink_attr(n, type, &value, sizeof(value));
}

void
netlink_attr_be64(struct netlink *n, int type, uint64_t value)
{
	value = htobe64(value);
	netlink_attr(n, type, &value, sizeof(value));
}

size_t
netlink_nest(struct netlink *n, int type)
{
	size_t at = n->len;

	netlink_attr(n, type | NLA_F_NESTED, NULL, 0);
	return at;
}

void
netlink_nest_end(struct netlink *n, size_t nest)
{
	size_t size = n->len - nest;

	/* A nest that a 16-bit length cannot hold is as good as full. */
	if (size > UINT16_MAX)
		n->full = true;
	if (!n->full)
		((struct nlattr *)(void *)(n->data + nest))->nla_len =
			(uint16_t)size;
}

void
netlink_want_ack(struct netlink *n)
{
	if (n->full)
		return;
	open_message(n)->nlmsg_flags |= NLM_F_ACK;
	n->ack = n->seq;
}

static int
transmit(struct netlink *n, const char *what, struct err *e)
{
	size_t len = n->len;

	n->len = n->last = 0;
	if (n->full)
		return err_set(e, ERR_INTERNAL, "%s: too long for netlink",
			       what);
	if (send(n->sock, n->data, len, 0) != (ssize_t)len)
		return err_errno(e, "%s", what);
	return 0;
}

/* 1: the confirmation of the last message. 0: go on. -1. */
static int
judge(const struct netlink *n, const struct nlmsghdr *h, const char *what,
      struct err *e)
{
	int code;

	if (h->nlmsg_type == NLMSG_DONE)
		return 1;
	if (h->nlmsg_type != NLMSG_ERROR)
		return 0;
	memcpy(&code, NLMSG_DATA(h), sizeof(code));
	if (code != 0) {
		errno = -code;
		return err_errno(e, "%s (message %u of %u)", what, h->nlmsg_seq,
				 n->seq);
	}
	return h->nlmsg_seq == n->ack;
}

int
netlink_query(struct netlink *n, const char *what,
	      void (*fn)(const void *payload, size_t size, void *arg),
	      void *arg, struct err *e)
{
	_Alignas(8) uint8_t reply[REPLY_MAX];
	int done = transmit(n, what, e);

	while (done == 0) {
		ssize_t size = recv(n->sock, reply, sizeof(reply), 0);
		struct nlmsghdr *h = (struct nlmsghdr *)(void *)reply;
		uint32_t left = size > 0 ? (uint32_t)size : 0;

		if (size <= 0)
			return err_errno(e, "%s: no answer", what);
		for (; done == 0 && NLMSG_OK(h, left);
		     h = NLMSG_NEXT(h, left)) {
			done = judge(n, h, what, e);
			if (done == 0 && fn && h->nlmsg_type >= NLMSG_MIN_TYPE)
				fn(NLMSG_DATA(h), h->nlmsg_len - NLMSG_HDRLEN,
				   arg);
		}
	}
	n->ack = 0;
	return done < 0 ? -1 : 0;
}

int
netlink_send(struct netlink *n, const char *what, struct err *e)
{
	if (n->ack == 0)
		netlink_want_ack(n);
	return netlink_query(n, what, NULL, NULL, e);
}
