#include "net_resolver.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "allowlist.h"
#include "auto.h"
#include "buf.h"
#include "err.h"
#include "jail.h"
#include "jailroot.h"
#include "net_ns.h"
#include "nft.h"
#include "spawn.h"

/* Each name makes a line for each resolver and one for the set. */
#define CONFIG_MAX ((size_t)1 << 19)
#define CAP(name) (UINT64_C(1) << CAP_##name)

/*
 * No denied answers (what the host's resolvers say of its own networks is not
 * for guests, and the address would be of no use), no IPv6 addresses (nothing leads there), no cache where
 * answers fill the set of allowed addresses: an answer from a cache does not.
 */
static const char fixed[] = "listen-address=172.30.0.1\n"
			    "bind-interfaces\n"
			    "keep-in-foreground\n"
			    "user\n"
			    "group\n"
			    "pid-file\n"
			    "log-facility=-\n"
			    "no-hosts\n"
			    "no-resolv\n"
			    "no-poll\n"
			    "filter-AAAA\n"
			    "bogus-priv\n"
			    "dns-forward-max=150\n";

struct text {
	char ip[INET_ADDRSTRLEN];
};

static struct text
as_text(uint32_t addr)
{
	struct in_addr in = {htonl(addr)};
	struct text t;

	inet_ntop(AF_INET, &in, t.ip, sizeof(t.ip));
	return t;
}

/* Questions about `name`, or about all names, go to each of the resolvers, from
 * the address that the rules let through. */
static void
add_servers(const struct net_spec *s, const char *name, size_t n,
	    struct buf *out)
{
	struct text from = as_text(s->base + NET_ADDR_RESOLVER);

	for (size_t i = 0; i < s->peers->resolver_count; i++) {
		struct text to = as_text(s->peers->resolver[i]);

		if (n > 0)
			buf_addf(out, "server=/%.*s/%s@%s\n", (int)n, name,
				 to.ip, from.ip);
		else
			buf_addf(out, "server=%s@%s\n", to.ip, from.ip);
	}
}

static void
add_denied(struct buf *out)
{
	const struct nft_range *r;
	size_t n = net_rules_denied(&r);

	for (size_t i = 0; i < n; i++)
		buf_addf(out, "bogus-nxdomain=%s/%u\n", as_text(r[i].addr).ip,
			 r[i].bits);
}

static void
add_names(const struct net_spec *s, const char *names, struct buf *out)
{
	size_t n;

	for (const char *p = names; (n = strcspn(p, "\n")) > 0; p += n + 1) {
		add_servers(s, p, n, out);
		buf_addf(out, "nftset=/%.*s/4#inet#" NET_NS_TABLE "#allowed\n",
			 (int)n, p);
		if (p[n] == '\0')
			break;
	}
}

int
net_resolver_config(const struct net_spec *s, const char *names,
		    struct buf *out, struct err *e)
{
	buf_addstr(out, fixed);
	add_denied(out);
	if (s->mode == NET_MODE_allowlist) {
		buf_addstr(out, "cache-size=0\n");
		add_names(s, names, out);
	} else {
		buf_addstr(out, "cache-size=1000\n");
		add_servers(s, NULL, 0, out);
	}
	return out->full ? err_set(e, ERR_INTERNAL, "too many names") : 0;
}

static int
config_file(const struct net_spec *s, const char *names, struct err *e)
{
	auto_close int fd = memfd_create("resolver", MFD_CLOEXEC);
	auto_buf struct buf b = {0};

	buf_init(&b, CONFIG_MAX);
	if (net_resolver_config(s, names, &b, e) < 0)
		return -1;
	if (fd < 0 || write(fd, b.data, b.len) != (ssize_t)b.len ||
	    lseek(fd, 0, SEEK_SET) < 0)
		return err_errno(e, "configure resolver");
	return steal_fd(&fd);
}

pid_t
net_resolver_start(const struct net_spec *s, int ns_fd, const char *root,
		   const char *names, struct err *e)
{
	static const char *const argv[] = {"dnsmasq", "--conf-file=-", NULL};
	auto_close int config = config_file(s, names, e);
	auto_close int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	/* It may change rules, but only of its namespace, and only where it
	 * must; what the host's own rules deny stays denied. */
	uint64_t filter = s->mode == NET_MODE_allowlist ? CAP(NET_ADMIN) : 0;
	const struct jail jail = {
		.root = root,
		.uid = s->uid,
		.gid = NET_RESOLVER_GID,
		.capabilities = CAP(NET_BIND_SERVICE) | filter,
		.devices = true,
		.has_net = true,
		.net_fd = ns_fd,
	};
	const struct spawn spawn = {
		.jail = &jail,
		.program = JAILROOT_RESOLVER_PROGRAM,
		.argv = argv,
		.input_fd = config,
		.log_fd = null,
	};
	pid_t pid;

	if (config < 0)
		return -1;
	if (null < 0)
		return err_errno(e, "open /dev/null");
	pid = spawn_in_jail(&spawn, e);
	return pid < 0 ? err_wrap(e, "start resolver") : pid;
}
