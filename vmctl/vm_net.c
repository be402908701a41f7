#include "vm_net.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "allowlist.h"
#include "auto.h"
#include "buf.h"
#include "err.h"
#include "host.h"
#include "net_host.h"
#include "net_link.h"
#include "net_ns.h"
#include "net_resolver.h"
#include "netlink.h"
#include "procfs.h"
#include "timeutil.h"
#include "vm_state.h"
#include "vm_store.h"

#define KILL_MS 1000

int
vm_net_make(const struct host *h, const struct vm_state *st, int *out_ns,
	    int *out_tap, struct err *e)
{
	struct net_peers peers;
	struct net_spec spec;

	if (net_host_spec(&h->net, st, &peers, &spec, e) < 0)
		return -1;
	return net_ns_make(&spec, out_ns, out_tap, e);
}

static bool
is_process(pid_t pid, uint64_t start_ticks)
{
	struct procfs_stat s;

	return pid > 0 && procfs_stat(pid, &s) == 0 && s.state != 'Z' &&
	       s.start_ticks == start_ticks;
}

bool
vm_net_resolver_lives(const struct vm_state *st)
{
	return st->network == NET_MODE_none ||
	       is_process(st->resolver_pid, st->resolver_ticks);
}

struct others {
	pid_t vmm;
	unsigned left;
};

static void
kill_other(pid_t pid, uid_t uid, void *arg)
{
	struct others *o = arg;

	(void)uid;
	if (pid == o->vmm)
		return;
	kill(pid, SIGKILL);
	o->left++;
}

/* Whatever has the VM's uid and is not its VMM: of a job that was cut nobody
 * noted what it had started. A resolver holds its port until it is gone. */
static int
kill_resolvers(struct vm_state *st, struct err *e)
{
	const struct timespec pause = {.tv_nsec = 2000000};
	int64_t end = time_mono_ms() + KILL_MS;

	for (;;) {
		struct others o = {.vmm = st->pid};

		if (procfs_each(st->uid, st->uid, kill_other, &o) < 0)
			return err_errno(e, "read /proc");
		if (o.left == 0)
			break;
		if (time_mono_ms() > end)
			return err_set(e, ERR_VMM_FAILED,
				       "the resolver does not die");
		nanosleep(&pause, NULL);
	}
	st->resolver_pid = 0;
	st->resolver_ticks = 0;
	return 0;
}

int
vm_net_resolve(const struct host *h, struct vm_state *st, int ns_fd,
	       struct err *e)
{
	struct net_peers peers;
	struct net_spec spec;
	struct procfs_stat s;
	auto_buf struct buf names = {0};
	pid_t pid;

	if (st->network == NET_MODE_none)
		return 0;
	buf_init(&names, ALLOWLIST_TEXT_MAX);
	if (vm_store_read_names(h->dir_fd, st->sandbox, &names, e) < 0 ||
	    net_host_spec(&h->net, st, &peers, &spec, e) < 0)
		return -1;
	pid = net_resolver_start(&spec, ns_fd, h->jail_root[JAILROOT_RESOLVER],
				 buf_str(&names), e);
	if (pid < 0)
		return -1;
	if (procfs_stat(pid, &s) < 0)
		return err_set(e, ERR_VMM_FAILED, "the resolver died at once");
	st->resolver_pid = pid;
	st->resolver_ticks = s.start_ticks;
	return 0;
}

static int
open_namespace(const struct vm_state *st, struct err *e)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)st->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, "open network of %s", st->sandbox);
	if (is_process(st->pid, st->start_ticks))
		return fd;
	close(fd);
	return err_set(e, ERR_GUEST_GONE, "the VMM is gone");
}

/* What went through the uplink is added up before it is replaced. */
static int
keep_counters(struct vm_state *st, struct err *e)
{
	struct netlink n = {.sock = -1};
	struct net_counters c;
	char name[NET_NS_LINK_SIZE];

	net_ns_link_name(st->uid, name);
	if (netlink_open(&n, NETLINK_ROUTE, e) < 0)
		return -1;
	if (net_link_counters(&n, name, &c) == 0) {
		st->sent_bytes += (int64_t)c.from_guest;
		st->received_bytes += (int64_t)c.to_guest;
	}
	netlink_close(&n);
	return 0;
}

int
vm_net_change(const struct host *h, struct vm_state *st, struct err *e)
{
	auto_close int ns = open_namespace(st, e);
	struct net_peers peers;
	struct net_spec spec;

	if (ns < 0 || net_host_spec(&h->net, st, &peers, &spec, e) < 0 ||
	    keep_counters(st, e) < 0 || net_ns_change(&spec, ns, e) < 0 ||
	    kill_resolvers(st, e) < 0)
		return -1;
	return vm_net_resolve(h, st, ns, e);
}

int
vm_net_resolve_again(const struct host *h, struct vm_state *st, struct err *e)
{
	auto_close int ns = open_namespace(st, e);

	if (ns < 0 || kill_resolvers(st, e) < 0)
		return -1;
	return vm_net_resolve(h, st, ns, e);
}
