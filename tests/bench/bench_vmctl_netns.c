/* How long a VM's network takes to make and to change; to be run in a
 * network namespace of its own: prints the median and the 95th percentile in
 * microseconds. */
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "err.h"

#include "../../vmctl/net_link.h"
#include "../../vmctl/net_ns.h"
#include "../../vmctl/netlink.h"

#define ROUNDS 60
#define BASE 0xc6120000 /* 198.18.0.0 */
#define UID 900000

struct times {
	const char *name;
	double us[ROUNDS];
};

static double
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int
order(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
show(struct times *t)
{
	qsort(t->us, ROUNDS, sizeof(t->us[0]), order);
	printf("%s %.0f %.0f\n", t->name, t->us[ROUNDS / 2],
	       t->us[ROUNDS * 95 / 100]);
}

static int
one_round(int i, struct net_peers *peers, struct times t[2], struct err *e)
{
	struct net_spec s = {.mode = NET_MODE_full,
			     .uid = UID + (uid_t)i,
			     .base = BASE + (uint32_t)i * NET_ADDRS,
			     .connections = 4096,
			     .bytes_per_s = 62500000,
			     .peers = peers};
	double start = now_us();
	int ns, tap;

	if (net_ns_make(&s, &ns, &tap, e) < 0)
		return -1;
	t[0].us[i] = now_us() - start;
	s.mode = NET_MODE_allowlist;
	start = now_us();
	if (net_ns_change(&s, ns, e) < 0)
		return -1;
	t[1].us[i] = now_us() - start;
	close(tap);
	close(ns);
	return 0;
}

static int
set_host(struct net_peers *peers, struct err *e)
{
	static struct netlink n = {.sock = -1};
	int rc;

	peers->resolver[peers->resolver_count++] = 0x0affff35;
	if (netlink_open(&n, NETLINK_NETFILTER, e) < 0)
		return -1;
	rc = net_rules_host(&n, BASE, 16384, peers, e);
	netlink_close(&n);
	return rc;
}

int
main(void)
{
	static struct times t[2] = {{.name = "make"}, {.name = "change"}};
	static struct net_peers peers;
	struct err e;

	if (set_host(&peers, &e) < 0)
		goto failed;
	for (int i = 0; i < ROUNDS; i++) {
		if (one_round(i, &peers, t, &e) < 0)
			goto failed;
	}
	for (int i = 0; i < 2; i++)
		show(&t[i]);
	return 0;
failed:
	fprintf(stderr, "%s\n", e.msg);
	return 1;
}
