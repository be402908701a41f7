/* What can be said of a VM's network without a kernel: addresses, modes, the
 * resolver's configuration, the bytes of netlink messages. */
#include <stdio.h>
#include <string.h>
#include <linux/netlink.h>

#include "../support/cmocka_all.h"
#include "auto.h"
#include "buf.h"
#include "conf.h"
#include "err.h"

#include "../../vmctl/net_host.h"
#include "../../vmctl/net_ns.h"
#include "../../vmctl/net_request.h"
#include "../../vmctl/net_resolver.h"
#include "../../vmctl/net_rules.h"
#include "../../vmctl/netlink.h"
#include "../../vmctl/nft.h"

#define IP(a, b, c, d) ((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))

static void
denied_ranges(void **state)
{
	static const struct {
		uint32_t first, last;
	} denied[] = {
		{IP(0, 0, 0, 0), IP(0, 255, 255, 255)},
		{IP(10, 0, 0, 0), IP(10, 255, 255, 255)},
		{IP(100, 64, 0, 0), IP(100, 127, 255, 255)},
		{IP(127, 0, 0, 0), IP(127, 255, 255, 255)},
		{IP(169, 254, 0, 0), IP(169, 254, 255, 255)},
		{IP(172, 16, 0, 0), IP(172, 31, 255, 255)},
		{IP(192, 0, 0, 0), IP(192, 0, 0, 255)},
		{IP(192, 168, 0, 0), IP(192, 168, 255, 255)},
		{IP(198, 18, 0, 0), IP(198, 19, 255, 255)},
		{IP(224, 0, 0, 0), IP(239, 255, 255, 255)},
		{IP(240, 0, 0, 0), IP(255, 255, 255, 255)},
	};
	const struct nft_range *r;

	(void)state;
	assert_int_equal(net_rules_denied(&r),
			 sizeof(denied) / sizeof(denied[0]));
	for (size_t i = 0; i < sizeof(denied) / sizeof(denied[0]); i++) {
		uint32_t first = denied[i].first, last = denied[i].last;

		assert_true(net_rules_deny(first, last));
		assert_true(net_rules_deny(last, last));
		assert_false(net_rules_deny(last, first));
		if (last != UINT32_MAX && last != IP(239, 255, 255, 255))
			assert_false(net_rules_deny(last, last + 1));
	}
	assert_false(net_rules_deny(IP(198, 51, 100, 0), IP(198, 51, 100, 1)));
}

static void
resolvers(void **state)
{
	uint32_t out[NET_RESOLVERS_MAX];

	(void)state;
	assert_int_equal(net_host_parse_resolvers("", out), 0);
	assert_int_equal(net_host_parse_resolvers("nameserver", out), 0);
	assert_int_equal(net_host_parse_resolvers("nameserver 127.0.0.53\n"
						  "nameserver ::1\n"
						  "search example.org\n",
						  out),
			 0);
	assert_int_equal(net_host_parse_resolvers("# nameserver 1.1.1.1\n"
						  "\t nameserver\t9.9.9.9 x\n"
						  "nameserver 10.0.0.1",
						  out),
			 2);
	assert_int_equal(out[0], IP(9, 9, 9, 9));
	assert_int_equal(out[1], IP(10, 0, 0, 1));
	assert_int_equal(net_host_parse_resolvers("nameserver 9.9.9.1\n"
						  "nameserver 9.9.9.2\n"
						  "nameserver 9.9.9.3\n"
						  "nameserver 9.9.9.4\n",
						  out),
			 NET_RESOLVERS_MAX);
}

static int
init_range(const char *base, int64_t count)
{
	struct conf c = {.vm_uid_base = 800000, .vm_uid_count = count};
	struct net_host h;
	struct err e;

	snprintf(c.net_base, sizeof(c.net_base), "%s", base);
	return net_host_init(&h, &c, &e);
}

static void
address_range(void **state)
{
	(void)state;
	assert_int_equal(init_range("198.18.0.0", 4096), 0);
	assert_int_equal(init_range("198.18.0.0", 32768), 0);
	assert_int_equal(init_range("198.18.0.0", 32769), -1);
	assert_int_equal(init_range("10.7.0.0", 65536), -1); /* not aligned */
	assert_int_equal(init_range("10.8.0.0", 65536), 0);
	assert_int_equal(init_range("198.18.0.4", 16), -1);
	assert_int_equal(init_range("203.0.113.0", 16), -1);
	assert_int_equal(init_range("198.18.0", 16), -1);
	assert_int_equal(init_range("", 16), -1);
}

static void
resolver_config(void **state)
{
	const struct net_peers peers = {
		.resolver = {IP(9, 9, 9, 9), IP(10, 0, 0, 1)},
		.resolver_count = 2};
	struct net_spec s = {.mode = NET_MODE_allowlist,
			     .base = IP(198, 18, 0, 8),
			     .peers = &peers};
	auto_buf struct buf b = {0};
	struct err e;

	(void)state;
	buf_init(&b, 65536);
	assert_int_equal(net_resolver_config(&s, "a.org\nb.org\n", &b, &e), 0);
	assert_non_null(strstr(buf_str(&b),
			       "\nserver=/a.org/9.9.9.9@198.18.0.11\n"
			       "server=/a.org/10.0.0.1@198.18.0.11\n"
			       "nftset=/a.org/4#inet#caged#allowed\n"
			       "server=/b.org/"));
	assert_non_null(strstr(buf_str(&b), "\nno-resolv\n"));
	assert_non_null(strstr(buf_str(&b), "\nbogus-nxdomain=10.0.0.0/8\n"));
	assert_null(strstr(buf_str(&b), "server=9"));
	buf_reset(&b);
	s.mode = NET_MODE_full;
	assert_int_equal(net_resolver_config(&s, "", &b, &e), 0);
	assert_non_null(strstr(buf_str(&b), "\nserver=9.9.9.9@198.18.0.11\n"));
	assert_null(strstr(buf_str(&b), "nftset"));
}

static void
requests(void **state)
{
	auto_json json_t *names = json_pack("[s]", "*.A.org");
	auto_free char *text = NULL;
	enum net_mode mode = NET_MODE_COUNT;
	struct err e;

	(void)state;
	assert_int_equal(net_request_read("allowlist", names, &mode, &text, &e),
			 0);
	assert_int_equal(mode, NET_MODE_allowlist);
	assert_string_equal(text, "a.org\n");
	assert_int_equal(net_request_read("full", names, &mode, &text, &e), -1);
	assert_int_equal(net_request_read("allowlist", NULL, &mode, &text, &e),
			 -1);
	assert_int_equal(net_request_read("FULL", NULL, &mode, &text, &e), -1);
}

/* What does not fit is refused as a whole, when it is sent. */
static void
a_batch_that_is_too_long(void **state)
{
	static struct netlink n = {.sock = -1};
	uint8_t header[4] = {0}, value[4096] = {0};
	struct err e = {0};

	(void)state;
	netlink_begin(&n, NLMSG_MIN_TYPE, 0, header, sizeof(header));
	for (int i = 0; i < 9; i++)
		netlink_attr(&n, 1, value, sizeof(value));
	netlink_nest_end(&n, netlink_nest(&n, 2));
	assert_true(n.full);
	assert_true(n.len <= NETLINK_BATCH_MAX);
	assert_int_equal(netlink_send(&n, "test", &e), -1);
	assert_non_null(strstr(e.msg, "too long"));
}

static void
bytes_of_a_message(void **state)
{
	static struct netlink n = {.sock = -1};
	static const uint8_t want[] = {
		36, 0, 0, 0,	0x10, 0, 1, 0,
		1,  0, 0, 0,	0,    0, 0, 0, /* header */
		7,  0, 0, 0,		       /* ours */
		16, 0, 2, 0x80,		       /* nest of 16 bytes */
		8,  0, 3, 0,	1,    2, 3, 4, /* number */
	};
	const uint8_t header[4] = {7};
	size_t nest;

	(void)state;
	netlink_begin(&n, 0x10, 0, header, sizeof(header));
	nest = netlink_nest(&n, 2);
	netlink_attr_be32(&n, 3, 0x01020304);
	netlink_attr(&n, 4, NULL, 0);
	netlink_nest_end(&n, nest);
	assert_int_equal(n.len, 36);
	assert_memory_equal(n.data, want, 32);
	assert_int_equal(n.data[32], 4); /* an empty attribute is its header */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(denied_ranges),
		cmocka_unit_test(resolvers),
		cmocka_unit_test(address_range),
		cmocka_unit_test(resolver_config),
		cmocka_unit_test(requests),
		cmocka_unit_test(a_batch_that_is_too_long),
		cmocka_unit_test(bytes_of_a_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
