#include "net_ns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "auto.h"
#include "err.h"
#include "net_link.h"
#include "netlink.h"
#include "nft.h"

#define OWN_NS "/proc/self/ns/net"

/* Sockets stay in the namespace in which they were opened. */
struct task {
	const struct net_spec *spec;
	struct netlink outside, route, filter;
};

void
net_ns_link_name(uid_t uid, char out[NET_NS_LINK_SIZE])
{
	snprintf(out, NET_NS_LINK_SIZE, NET_VETH_PREFIX "%u", uid);
}

static void
task_fini(struct task *t)
{
	netlink_close(&t->outside);
	netlink_close(&t->route);
	netlink_close(&t->filter);
}

static int
task_init(struct task *t, const struct net_spec *s, struct err *e)
{
	t->spec = s;
	t->outside.sock = t->route.sock = t->filter.sock = -1;
	return netlink_open(&t->outside, NETLINK_ROUTE, e);
}

static int
enter(struct task *t, struct err *e)
{
	if (netlink_open(&t->route, NETLINK_ROUTE, e) < 0)
		return -1;
	return netlink_open(&t->filter, NETLINK_NETFILTER, e);
}

/* /proc/sys/net is that of the caller's namespace. */
static int
set_kernel(struct err *e)
{
	static const struct {
		const char *path, *value;
	} settings[] = {
		{"/proc/sys/net/ipv6/conf/all/disable_ipv6", "1"},
		{"/proc/sys/net/ipv6/conf/default/disable_ipv6", "1"},
		{"/proc/sys/net/ipv4/ip_forward", "1"},
		/* Each refusal is told: the guest need not wait. */
		{"/proc/sys/net/ipv4/icmp_ratelimit", "0"},
	};

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		auto_close int fd =
			open(settings[i].path, O_WRONLY | O_CLOEXEC);

		/* A kernel without IPv6 is fine. */
		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0 || write(fd, settings[i].value, 1) != 1)
			return err_errno(e, "%s", settings[i].path);
	}
	return 0;
}

static int
open_tap(struct err *e)
{
	auto_close int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	struct ifreq r = {.ifr_name = NET_TAP,
			  .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};

	if (fd < 0 || ioctl(fd, TUNSETIFF, &r) < 0)
		return err_errno(e, "make tap");
	return steal_fd(&fd);
}

static int
apply_rules(struct task *t, bool fresh, struct err *e)
{
	const struct net_spec *s = t->spec;

	return net_rules_ns(&t->filter, s->mode, s->base, s->connections,
			    s->peers, fresh, e);
}

/* A new pair each time: nothing that was on its way arrives. */
static int
apply_uplink(struct task *t, int ns_fd, struct err *e)
{
	const struct net_spec *s = t->spec;
	char name[NET_NS_LINK_SIZE];

	net_ns_link_name(s->uid, name);
	if (s->mode == NET_MODE_none)
		return net_link_delete(&t->outside, name, e);
	if (net_link_pair(&t->outside, name, ns_fd, s->base, e) < 0)
		return -1;
	return net_link_uplink(&t->route, s->base, s->bytes_per_s, e);
}

static int
fill(struct task *t, int ns_fd, int *out_tap, struct err *e)
{
	auto_close int tap = -1;

	if (set_kernel(e) < 0 || enter(t, e) < 0 || apply_rules(t, true, e) < 0)
		return -1;
	tap = open_tap(e);
	if (tap < 0 || net_link_tap(&t->route, t->spec->bytes_per_s, e) < 0 ||
	    apply_uplink(t, ns_fd, e) < 0)
		return -1;
	*out_tap = steal_fd(&tap);
	return 0;
}

static int
change(struct task *t, int ns_fd, struct err *e)
{
	if (enter(t, e) < 0 || apply_rules(t, false, e) < 0 ||
	    nft_flush_connections(&t->filter, e) < 0)
		return -1;
	return apply_uplink(t, ns_fd, e);
}

static int
go_back(int home, int rc, struct err *e)
{
	if (setns(home, CLONE_NEWNET) < 0)
		return err_errno(e, "leave network namespace");
	return rc;
}

int
net_ns_make(const struct net_spec *s, int *out_ns, int *out_tap, struct err *e)
{
	auto_close int home = open(OWN_NS, O_RDONLY | O_CLOEXEC), ns = -1;
	struct task t;
	int rc;

	if (home < 0)
		return err_errno(e, OWN_NS);
	if (task_init(&t, s, e) < 0)
		return err_wrap(e, "make network");
	if (unshare(CLONE_NEWNET) < 0) {
		task_fini(&t);
		return err_errno(e, "make network namespace");
	}
	ns = open(OWN_NS, O_RDONLY | O_CLOEXEC);
	rc = ns < 0 ? err_errno(e, OWN_NS) : fill(&t, ns, out_tap, e);
	task_fini(&t);
	if (go_back(home, rc, e) < 0)
		return err_wrap(e, "make network");
	*out_ns = steal_fd(&ns);
	return 0;
}

int
net_ns_change(const struct net_spec *s, int ns_fd, struct err *e)
{
	auto_close int home = open(OWN_NS, O_RDONLY | O_CLOEXEC);
	struct task t;
	int rc;

	if (home < 0)
		return err_errno(e, OWN_NS);
	if (task_init(&t, s, e) < 0)
		return err_wrap(e, "change network");
	if (setns(ns_fd, CLONE_NEWNET) < 0) {
		task_fini(&t);
		return err_errno(e, "enter network namespace");
	}
	rc = change(&t, ns_fd, e);
	task_fini(&t);
	return go_back(home, rc, e) < 0 ? err_wrap(e, "change network") : 0;
}
