#include "net_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>

#include "err.h"
#include "netlink.h"
#include "net_rules.h"

#define HOST_BITS 32
#define TAP_BITS 30
#define BURST_MIN 262144 /* several segments of the largest size */
#define QUEUE_PART 20	 /* of a second: what a full queue holds */

/* The same in every VM: a clone keeps its neighbour's address. */
static const uint8_t tap_mac[6] = {0x02, 0xca, 0x9e, 0xd0, 0x00, 0x01};

static int
link_index(const struct netlink *n, const char *name)
{
	struct ifreq r = {0};

	strncpy(r.ifr_name, name, IFNAMSIZ - 1);
	return ioctl(n->sock, SIOCGIFINDEX, &r) < 0 ? -1 : r.ifr_ifindex;
}

static int
need_index(const struct netlink *n, const char *name, int *out, struct err *e)
{
	*out = link_index(n, name);
	return *out < 0 ? err_errno(e, "interface %s", name) : 0;
}

static void
add_address(struct netlink *n, int index, uint32_t local, uint32_t peer,
	    int bits)
{
	const struct ifaddrmsg a = {.ifa_family = AF_INET,
				    .ifa_prefixlen = (uint8_t)bits,
				    .ifa_index = (uint32_t)index};

	netlink_begin(n, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &a,
		      sizeof(a));
	netlink_attr_be32(n, IFA_LOCAL, local);
	netlink_attr_be32(n, IFA_ADDRESS, peer);
}

/* `to` 0: the default route, through `gateway`; else a host on the link. */
static void
add_route(struct netlink *n, int index, uint32_t to, uint32_t gateway)
{
	const struct rtmsg r = {
		.rtm_family = AF_INET,
		.rtm_dst_len = to ? HOST_BITS : 0,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = to ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
		.rtm_type = RTN_UNICAST,
	};

	netlink_begin(n, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &r,
		      sizeof(r));
	netlink_attr(n, RTA_OIF, &index, sizeof(index));
	if (to)
		netlink_attr_be32(n, RTA_DST, to);
	else
		netlink_attr_be32(n, RTA_GATEWAY, gateway);
}

/* What leaves by the interface is held to that rate; 0: it is not. */
static void
add_limit(struct netlink *n, int index, uint32_t bytes_per_s)
{
	const struct tcmsg t = {.tcm_ifindex = index,
				.tcm_handle = TC_H_MAKE(1 << 16, 0),
				.tcm_parent = TC_H_ROOT};
	uint32_t burst = bytes_per_s / 250;
	struct tc_tbf_qopt q = {.rate = {.rate = bytes_per_s,
					 .linklayer = TC_LINKLAYER_ETHERNET}};
	size_t options;

	if (bytes_per_s == 0)
		return;
	if (burst < BURST_MIN)
		burst = BURST_MIN;
	q.limit = bytes_per_s / QUEUE_PART + burst;
	netlink_begin(n, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, &t,
		      sizeof(t));
	netlink_attr_str(n, TCA_KIND, "tbf");
	options = netlink_nest(n, TCA_OPTIONS);
	netlink_attr(n, TCA_TBF_PARMS, &q, sizeof(q));
	netlink_attr(n, TCA_TBF_BURST, &burst, sizeof(burst));
	netlink_nest_end(n, options);
}

static void
add_pair(struct netlink *n, const char *name, int ns_fd)
{
	const struct ifinfomsg up = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	const struct ifinfomsg other = {0};
	size_t info, data, peer;

	netlink_begin(n, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &up,
		      sizeof(up));
	netlink_attr_str(n, IFLA_IFNAME, name);
	info = netlink_nest(n, IFLA_LINKINFO);
	netlink_attr_str(n, IFLA_INFO_KIND, "veth");
	data = netlink_nest(n, IFLA_INFO_DATA);
	peer = netlink_nest(n, VETH_INFO_PEER);
	netlink_raw(n, &other, sizeof(other));
	netlink_attr_str(n, IFLA_IFNAME, NET_UPLINK);
	netlink_attr(n, IFLA_NET_NS_FD, &ns_fd, sizeof(ns_fd));
	netlink_nest_end(n, peer);
	netlink_nest_end(n, data);
	netlink_nest_end(n, info);
}

int
net_link_pair(struct netlink *n, const char *name, int ns_fd, uint32_t base,
	      struct err *e)
{
	int index;

	if (net_link_delete(n, name, e) < 0)
		return -1;
	add_pair(n, name, ns_fd);
	if (netlink_send(n, "make uplink", e) < 0 ||
	    need_index(n, name, &index, e) < 0)
		return -1;
	add_address(n, index, base + 1, base + NET_ADDR_GUEST, HOST_BITS);
	add_route(n, index, base + NET_ADDR_RESOLVER, 0);
	return netlink_send(n, "address uplink", e);
}

int
net_link_delete(struct netlink *n, const char *name, struct err *e)
{
	struct ifinfomsg i = {.ifi_index = link_index(n, name)};

	if (i.ifi_index < 0)
		return errno == ENODEV ? 0 : err_errno(e, "find %s", name);
	netlink_begin(n, RTM_DELLINK, 0, &i, sizeof(i));
	return netlink_send(n, "delete interface", e);
}

int
net_link_tap(struct netlink *n, uint32_t bytes_per_s, struct err *e)
{
	struct ifinfomsg up = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP};

	if (need_index(n, NET_TAP, &up.ifi_index, e) < 0)
		return -1;
	netlink_begin(n, RTM_NEWLINK, 0, &up, sizeof(up));
	netlink_attr(n, IFLA_ADDRESS, tap_mac, sizeof(tap_mac));
	add_address(n, up.ifi_index, NET_GATEWAY_ADDR, NET_GATEWAY_ADDR,
		    TAP_BITS);
	add_limit(n, up.ifi_index, bytes_per_s);
	return netlink_send(n, "set up tap", e);
}

int
net_link_uplink(struct netlink *n, uint32_t base, uint32_t bytes_per_s,
		struct err *e)
{
	struct ifinfomsg up = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP};

	if (need_index(n, NET_UPLINK, &up.ifi_index, e) < 0)
		return -1;
	netlink_begin(n, RTM_NEWLINK, 0, &up, sizeof(up));
	add_address(n, up.ifi_index, base + NET_ADDR_GUEST, base + 1,
		    HOST_BITS);
	add_address(n, up.ifi_index, base + NET_ADDR_RESOLVER, base + 1,
		    HOST_BITS);
	add_route(n, up.ifi_index, 0, base + 1);
	add_limit(n, up.ifi_index, bytes_per_s);
	return netlink_send(n, "set up uplink", e);
}

/* The attribute's payload in a message whose header has `header` bytes. */
static const void *
find_attr(const void *payload, size_t size, size_t header, int type,
	  size_t need)
{
	const uint8_t *p = payload;
	size_t at = NLMSG_ALIGN(header);

	while (at + NLA_HDRLEN <= size) {
		struct nlattr a;

		memcpy(&a, p + at, sizeof(a));
		if (a.nla_len < NLA_HDRLEN || a.nla_len > size - at)
			break;
		if ((a.nla_type & NLA_TYPE_MASK) == type)
			return a.nla_len >= NLA_HDRLEN + need
				       ? p + at + NLA_HDRLEN
				       : NULL;
		at += NLA_ALIGN(a.nla_len);
	}
	return NULL;
}

struct gather {
	struct net_peers *out;
	bool full;
};

static void
take_address(const void *payload, size_t size, void *arg)
{
	const void *p = find_attr(payload, size, sizeof(struct ifaddrmsg),
				  IFA_LOCAL, sizeof(uint32_t));
	const char *label = find_attr(payload, size, sizeof(struct ifaddrmsg),
				      IFA_LABEL, sizeof(NET_VETH_PREFIX));
	struct gather *g = arg;
	uint32_t addr;

	if (!p || (label && strncmp(label, NET_VETH_PREFIX,
				    sizeof(NET_VETH_PREFIX) - 1) == 0))
		return;
	memcpy(&addr, p, sizeof(addr));
	addr = ntohl(addr);
	for (size_t i = 0; i < g->out->host_count; i++) {
		if (g->out->host[i] == addr)
			return;
	}
	if (g->out->host_count == NET_HOST_ADDRS_MAX)
		g->full = true;
	else
		g->out->host[g->out->host_count++] = addr;
}

int
net_link_addresses(struct netlink *n, struct net_peers *out, struct err *e)
{
	const struct ifaddrmsg all = {.ifa_family = AF_INET};
	struct gather g = {.out = out};

	netlink_begin(n, RTM_GETADDR, NLM_F_DUMP, &all, sizeof(all));
	if (netlink_query(n, "list addresses", take_address, &g, e) < 0)
		return -1;
	return g.full ? err_set(e, ERR_INTERNAL,
				"the host has too many addresses")
		      : 0;
}

static void
take_counters(const void *payload, size_t size, void *arg)
{
	const void *p =
		find_attr(payload, size, sizeof(struct ifinfomsg), IFLA_STATS64,
			  offsetof(struct rtnl_link_stats64, rx_errors));
	struct net_counters *out = arg;
	struct rtnl_link_stats64 s = {0};

	if (!p)
		return;
	memcpy(&s, p, offsetof(struct rtnl_link_stats64, rx_errors));
	out->from_guest = s.rx_bytes;
	out->to_guest = s.tx_bytes;
}

int
net_link_counters(struct netlink *n, const char *name, struct net_counters *out)
{
	const struct ifinfomsg any = {0};
	struct net_counters c = {0};
	struct err why;

	netlink_begin(n, RTM_GETLINK, 0, &any, sizeof(any));
	netlink_attr_str(n, IFLA_IFNAME, name);
	netlink_want_ack(n);
	if (netlink_query(n, "read counters", take_counters, &c, &why) < 0)
		return -1;
	*out = c;
	return 0;
}
