#include "net_host.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "auto.h"
#include "conf.h"
#include "err.h"
#include "log.h"
#include "net_link.h"
#include "net_ns.h"
#include "netlink.h"
#include "vm_state.h"

#define FORWARD "/proc/sys/net/ipv4/ip_forward"
#define RESOLV_MAX 8192
#define BYTES_PER_MBIT 125000

/* The second is what the first would hold without a resolver on the host's
 * loopback, which no VM reaches. */
static const char *const resolv_files[] = {"/etc/resolv.conf",
					   "/run/systemd/resolve/resolv.conf"};

int
net_host_init(struct net_host *h, const struct conf *c, struct err *e)
{
	const char *text = c->net_base;
	uint32_t need = (uint32_t)c->vm_uid_count * NET_ADDRS;
	struct in_addr in;

	*h = (struct net_host){.conf = c, .count = 1};
	while (h->count < need)
		h->count <<= 1;
	if (inet_pton(AF_INET, text, &in) != 1)
		return err_set(e, ERR_INTERNAL, "net_base: not an address");
	h->base = ntohl(in.s_addr);
	if (h->base & (h->count - 1))
		return err_set(e, ERR_INTERNAL,
			       "net_base must be a multiple of %u addresses",
			       h->count);
	if (!net_rules_deny(h->base, h->base + h->count - 1))
		return err_set(e, ERR_INTERNAL,
			       "net_base: %u addresses from %s are not within "
			       "a range that guests cannot reach",
			       h->count, text);
	return 0;
}

/* One address, ended by a blank or the text's end. */
static bool
parse_address(const char *p, uint32_t *out)
{
	size_t n = strcspn(p, " \t\r\n,");
	char text[INET_ADDRSTRLEN];
	struct in_addr in;

	if (n >= sizeof(text))
		return false;
	memcpy(text, p, n);
	text[n] = '\0';
	if (inet_pton(AF_INET, text, &in) != 1)
		return false;
	*out = ntohl(in.s_addr);
	return *out >> 24 != 127 && *out != 0;
}

size_t
net_host_parse_resolvers(const char *text, uint32_t out[NET_RESOLVERS_MAX])
{
	static const char word[] = "nameserver";
	size_t count = 0;

	for (const char *p = text; p && *p && count < NET_RESOLVERS_MAX;) {
		p += strspn(p, " \t\n");
		if (strncmp(p, word, sizeof(word) - 1) == 0) {
			p += sizeof(word) - 1;
			p += strspn(p, " \t");
			count += parse_address(p, &out[count]);
		}
		p = strchr(p, '\n');
	}
	return count;
}

static size_t
read_resolvers(const char *path, uint32_t out[NET_RESOLVERS_MAX])
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[RESOLV_MAX];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n < 0)
		return 0;
	text[n] = '\0';
	return net_host_parse_resolvers(text, out);
}

static int
configured_resolvers(struct net_host *h, struct err *e)
{
	const char *p = h->conf->net_resolvers;

	for (; *p; p += strcspn(p, " ,"), p += strspn(p, " ,")) {
		if (h->peers.resolver_count == NET_RESOLVERS_MAX ||
		    !parse_address(p,
				   &h->peers.resolver[h->peers.resolver_count]))
			return err_set(e, ERR_INTERNAL,
				       "net_resolvers: at most %d addresses "
				       "that are not the host's loopback",
				       NET_RESOLVERS_MAX);
		h->peers.resolver_count++;
	}
	return 0;
}

int
net_host_resolvers(struct net_host *h, struct err *e)
{
	struct net_peers *p = &h->peers;

	if (configured_resolvers(h, e) < 0)
		return -1;
	for (size_t i = 0; i < 2 && p->resolver_count == 0; i++)
		p->resolver_count =
			read_resolvers(resolv_files[i], p->resolver);
	return 0;
}

static int
forward_packets(struct err *e)
{
	auto_close int fd = open(FORWARD, O_RDWR | O_CLOEXEC);
	char now = '0';

	/* Only when needed: writing resets the host's other settings. */
	if (fd < 0 || read(fd, &now, 1) != 1)
		return err_errno(e, FORWARD);
	if (now == '0' && pwrite(fd, "1", 1, 0) != 1)
		return err_errno(e, FORWARD);
	return 0;
}

int
net_host_start(struct net_host *h, struct err *e)
{
	struct netlink n = {.sock = -1};
	int rc;

	if (net_host_resolvers(h, e) < 0 ||
	    netlink_open(&n, NETLINK_NETFILTER, e) < 0)
		return err_wrap(e, "network");
	if (h->peers.resolver_count == 0)
		log_warn("no resolver", "message",
			 "VMs will find no names: set net_resolvers");
	/* The rules first: nothing is forwarded without them. */
	rc = net_rules_host(&n, h->base, h->count, &h->peers, e);
	netlink_close(&n);
	if (rc < 0 || forward_packets(e) < 0)
		return err_wrap(e, "network");
	return 0;
}

static uint32_t
first_address(const struct net_host *h, uid_t uid)
{
	return h->base + (uid - (uid_t)h->conf->vm_uid_base) * NET_ADDRS;
}

int
net_host_spec(const struct net_host *h, const struct vm_state *st,
	      struct net_peers *peers, struct net_spec *out, struct err *e)
{
	struct netlink n = {.sock = -1};
	int rc;

	*peers = h->peers;
	if (netlink_open(&n, NETLINK_ROUTE, e) < 0)
		return -1;
	rc = net_link_addresses(&n, peers, e);
	netlink_close(&n);
	if (rc < 0)
		return -1;
	*out = (struct net_spec){
		.mode = st->network,
		.uid = st->uid,
		.base = first_address(h, st->uid),
		.connections = (uint32_t)h->conf->net_connections,
		.bytes_per_s = (uint32_t)h->conf->net_mbit * BYTES_PER_MBIT,
		.peers = peers,
	};
	return 0;
}

void
net_host_address(const struct net_host *h, const struct vm_state *st,
		 char out[16])
{
	struct in_addr in = {htonl(first_address(h, st->uid) + NET_ADDR_GUEST)};

	inet_ntop(AF_INET, &in, out, 16);
}
