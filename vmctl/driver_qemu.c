/*
 * QEMU `-M microvm`. Everything that a VMM needs is passed to it as a
 * descriptor; it starts stopped in its jail, and an unprivileged helper lets
 * the guest run over QMP. The guest's console goes to a ring in QEMU that
 * nobody reads.
 */
#include "driver.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>

#include "accel.h"
#include "auto.h"
#include "disk.h"
#include "err.h"
#include "host.h"
#include "image.h"
#include "jail.h"
#include "net_host.h"
#include "port.h"
#include "qemu_args.h"
#include "qmp_helper.h"
#include "run.h"
#include "spawn.h"
#include "text.h"
#include "tsc.h"
#include "vm_net.h"
#include "vm_state.h"
#include "vm_store.h"

#define VERSION_MS 5000
#define FD_COUNT (QEMU_FD_END - SPAWN_FD_FIRST)

static int
find_version(char *out, size_t size, struct err *e)
{
	static const char *const argv[] = {JAILROOT_QEMU, "--version", NULL};
	static const char before[] = "version ";
	char text[1024], *p;

	if (run_program(argv, -1, text, sizeof(text), VERSION_MS, e) < 0)
		return -1;
	p = strstr(text, before);
	if (!p)
		return err_set(e, ERR_INTERNAL,
			       "QEMU does not tell its version");
	p += sizeof(before) - 1;
	p[strcspn(p, " \n")] = '\0';
	text_copy(out, size, p);
	return 0;
}

static int
prepare_roots(struct host *h, struct err *e)
{
	for (int k = 0; k < JAILROOT_COUNT; k++) {
		if (jailroot_prepare(h->conf->vm_dir, (enum jailroot_kind)k,
				     h->jail_root[k], e) < 0)
			return -1;
	}
	return 0;
}

static int
open_links(struct host *h, struct err *e)
{
	h->links = calloc(1, sizeof(*h->links));
	if (!h->links)
		return err_set(e, ERR_INTERNAL, "no memory");
	return netlink_open(h->links, NETLINK_ROUTE, e);
}

static int
qemu_start(struct host *h, struct err *e)
{
	if (find_version(h->vmm_version, sizeof(h->vmm_version), e) < 0 ||
	    prepare_roots(h, e) < 0 || net_host_start(&h->net, e) < 0 ||
	    open_links(h, e) < 0)
		return -1;
	h->tsc_khz = tsc_khz();
	return accel_choose(h, h->jail_root[JAILROOT_VMM], &h->accel, e);
}

static bool
qemu_has_template(const struct host *h, const char *name)
{
	struct err why;
	auto_close int fd = image_open(h->conf->image_dir, name, &why);

	return fd >= 0;
}

static size_t
qemu_templates(const struct host *h, char (*out)[33])
{
	return image_list(h->conf->image_dir, out, DRIVER_TEMPLATES_MAX);
}

static const char *
qemu_accel(const struct host *h)
{
	return accel_name(h->accel);
}

/* In the order of enum qemu_fd. */
struct vm_fds {
	int fd[FD_COUNT];
};

static void
vm_fds_close(struct vm_fds *f)
{
	for (size_t i = 0; i < FD_COUNT; i++) {
		auto_close_fn(&f->fd[i]);
		f->fd[i] = -1;
	}
}

static int *
slot(struct vm_fds *f, enum qemu_fd n)
{
	return &f->fd[n - SPAWN_FD_FIRST];
}

static int
open_disk(int folder, struct vm_fds *f, struct err *e)
{
	int *rw = slot(f, QEMU_FD_DISK_RW), *ro = slot(f, QEMU_FD_DISK_RO);

	*rw = openat(folder, VM_STORE_DISK, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	*ro = openat(folder, VM_STORE_DISK, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return *rw < 0 || *ro < 0 ? err_errno(e, "open disk") : 0;
}

static int
open_fds(const struct host *h, int folder, const struct vm_state *st,
	 struct vm_fds *f, struct err *e)
{
	const struct conf *c = h->conf;
	int *kernel = slot(f, QEMU_FD_KERNEL);
	int *initramfs = slot(f, QEMU_FD_INITRAMFS);
	int *image = slot(f, QEMU_FD_IMAGE);
	int *agent = slot(f, QEMU_FD_AGENT), *qmp = slot(f, QEMU_FD_QMP);

	if ((*kernel = image_open_shared(c->kernel_file, e)) < 0 ||
	    (*initramfs = image_open_shared(c->initramfs_file, e)) < 0 ||
	    (*image = image_open(c->image_dir, st->template, e)) < 0 ||
	    open_disk(folder, f, e) < 0 ||
	    (*agent = port_listen(folder, VM_STORE_AGENT, e)) < 0 ||
	    (*qmp = port_listen(folder, VM_STORE_QMP, e)) < 0)
		return -1;
	return 0;
}

static int
start_qemu(const struct host *h, const struct vm_state *st,
	   const struct vm_fds *f, int ns_fd, int log_fd, struct err *e)
{
	const struct qemu_shape shape = {.accel = h->accel,
					 .cpus = st->cpus,
					 .memory_mb = st->memory_mb,
					 .tsc_khz = h->tsc_khz};
	const struct jail jail = {.root = h->jail_root[JAILROOT_VMM],
				  .uid = st->uid,
				  .devices = h->accel == ACCEL_KVM,
				  .file_bytes = st->disk_gb << 30,
				  .has_net = true,
				  .net_fd = ns_fd};
	struct qemu_args args;
	struct spawn s = {.jail = &jail,
			  .program = JAILROOT_QEMU,
			  .argv = args.argv,
			  .fds = f->fd,
			  .fd_count = FD_COUNT,
			  .input_fd = -1,
			  .log_fd = log_fd};
	int pid = qemu_args_vm(&args, &shape) < 0
			  ? err_set(e, ERR_INTERNAL, "too many arguments")
			  : spawn_in_jail(&s, e);

	qemu_args_fini(&args);
	return pid;
}

static int
run_guest(const struct host *h, const struct vm_state *st, int qmp, int log_fd,
	  struct err *e)
{
	const struct qmp_helper helper = {.uid = st->uid,
					  .root = h->jail_root[JAILROOT_VMM],
					  .qmp_fd = qmp,
					  .log_fd = log_fd,
					  .command = "cont"};

	return qmp_helper_run(&helper, e);
}

static int
boot_with(const struct host *h, int folder, struct vm_state *st,
	  struct vm_fds *f, int ns_fd, struct err *e)
{
	auto_close int log_reader = -1, log_writer = -1, qmp = -1;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_errno(e, "pipe");
	log_reader = ends[0];
	log_writer = ends[1];
	pid = start_qemu(h, st, f, ns_fd, log_writer, e);
	if (pid < 0)
		return -1;
	close(steal_fd(&log_writer));
	qmp = port_connect(folder, VM_STORE_QMP, e);
	/* Only QEMU listens from here on, so that its death is noticed. */
	vm_fds_close(f);
	if (qmp < 0 || run_guest(h, st, qmp, log_reader, e) < 0)
		return -1;
	/* While the guest boots. */
	if (vm_net_resolve(h, st, ns_fd, e) < 0)
		return -1;
	return driver_identify(pid, st, e);
}

static int
qemu_boot(const struct host *h, int folder, struct vm_state *st, struct err *e)
{
	auto_close int ns = -1;
	struct vm_fds f;
	int rc;

	memset(&f, 0xff, sizeof(f)); /* -1 */
	if (disk_make(h->dir_fd, folder, st->disk_gb, st->uid, e) < 0)
		return -1;
	rc = open_fds(h, folder, st, &f, e);
	if (rc == 0)
		rc = vm_net_make(h, st, &ns,
				 &f.fd[QEMU_FD_TAP - SPAWN_FD_FIRST], e);
	if (rc == 0)
		rc = boot_with(h, folder, st, &f, ns, e);
	vm_fds_close(&f);
	if (rc == 0)
		text_copy(st->accel, sizeof(st->accel), qemu_accel(h));
	return rc;
}

/* A chardev serves one connection at a time: QEMU must end the old one. */
static int
qemu_hang_up(const struct host *h, int folder, const struct vm_state *st,
	     struct err *e)
{
	auto_close int qmp = port_connect(folder, VM_STORE_QMP, e);
	const struct qmp_helper helper = {
		.uid = st->uid,
		.root = h->jail_root[JAILROOT_VMM],
		.qmp_fd = qmp,
		.log_fd = -1,
		.command = "yank",
		.arguments = "{\"instances\":[{\"type\":\"chardev\","
			     "\"id\":\"agent\"}]}"};

	return qmp < 0 ? -1 : qmp_helper_run(&helper, e);
}

const struct driver driver_qemu = {
	.name = "qemu",
	.start = qemu_start,
	.has_template = qemu_has_template,
	.templates = qemu_templates,
	.boot = qemu_boot,
	.set_network = vm_net_change,
	.resolve = vm_net_resolve_again,
	.hang_up = qemu_hang_up,
	.accel = qemu_accel,
};
