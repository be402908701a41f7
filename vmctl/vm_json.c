#include "vm_json.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "host.h"
#include "net_link.h"
#include "net_ns.h"
#include "procfs.h"
#include "vm.h"
#include "vm_store.h"

static void
add_disk(const struct host *h, struct vmctl_vm *v)
{
	char path[64];
	struct stat s;

	snprintf(path, sizeof(path), "%s/%s", v->sandbox, VM_STORE_DISK);
	if (fstatat(h->dir_fd, path, &s, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	v->disk_bytes = (int64_t)s.st_blocks * 512;
	v->has_disk_bytes = true;
}

static void
add_process(struct vmctl_vm *v)
{
	struct procfs_stat s;

	if (v->pid == 0 || procfs_stat((pid_t)v->pid, &s) < 0)
		return;
	v->rss_bytes = (int64_t)s.rss_bytes;
	v->cpu_us = (int64_t)s.cpu_us;
	v->has_rss_bytes = v->has_cpu_us = true;
}

static void
add_network(const struct host *h, const struct vm_state *st, char ip[16],
	    struct vmctl_vm *v)
{
	char name[NET_NS_LINK_SIZE];
	struct net_counters c;

	v->network_mode = net_mode_name(st->network);
	v->has_network_mode = true;
	v->sent_bytes = st->sent_bytes;
	v->received_bytes = st->received_bytes;
	v->has_sent_bytes = v->has_received_bytes = true;
	if (st->network == NET_MODE_none || st->uid == 0)
		return;
	net_host_address(&h->net, st, ip);
	v->ip = ip;
	v->has_ip = true;
	net_ns_link_name(st->uid, name);
	if (h->links && net_link_counters(h->links, name, &c) == 0) {
		v->sent_bytes += (int64_t)c.from_guest;
		v->received_bytes += (int64_t)c.to_guest;
	}
}

static void
fill(const struct vm_state *st, struct vmctl_vm *v)
{
	*v = (struct vmctl_vm){
		.sandbox = st->sandbox,
		.has_sandbox = true,
		.state = vmctl_state_name(st->state),
		.has_state = true,
		.op_id = st->op_id,
		.has_op_id = true,
		.boot = st->boot,
		.has_boot = true,
		.pid = vm_state_lives(st) ? st->pid : 0,
		.has_pid = true,
		.uid = st->uid,
		.has_uid = true,
		.accel = st->accel,
		.has_accel = st->accel[0] != '\0',
		.exit_cause = st->exit_cause,
		.has_exit_cause = st->exit_cause[0] != '\0',
	};
}

json_t *
vm_json(const struct host *h, const struct vm *vm)
{
	struct vmctl_vm v;
	char ip[16];

	fill(&vm->st, &v);
	if (vm_state_holds(&vm->st)) {
		add_disk(h, &v);
		add_network(h, &vm->st, ip, &v);
	}
	add_process(&v);
	return field_write(&vmctl_vm_fields, &v);
}

json_t *
vm_json_absent(const char *sandbox)
{
	struct vm_state st;
	struct vmctl_vm v;

	vm_state_init(&st, sandbox);
	fill(&st, &v);
	return field_write(&vmctl_vm_fields, &v);
}
