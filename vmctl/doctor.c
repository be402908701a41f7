#include "doctor.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "auto.h"
#include "conf.h"
#include "driver.h"
#include "err.h"
#include "field.h"
#include "image.h"
#include "jailroot.h"
#include "net_host.h"
#include "procfs.h"
#include "vmctl_client.h"

#define TEXT_SIZE 320

enum verdict { GOOD, WARN, BAD };

static const char *const verdict_names[] = {"ok", "warn", "fail"};

struct finding {
	char text[TEXT_SIZE];
	const char *advice; /* "" when all is well */
};

static enum verdict find(struct finding *f, enum verdict v, const char *advice,
			 const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static enum verdict
find(struct finding *f, enum verdict v, const char *advice, const char *fmt,
     ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
	f->advice = v == GOOD ? "" : advice;
	return v;
}

static bool
is_qemu(const struct conf *c)
{
	return strcmp(c->vm_driver, driver_qemu.name) == 0;
}

static enum verdict
check_root(const struct conf *c, struct finding *f)
{
	(void)c;
	return find(f, geteuid() == 0 ? GOOD : BAD, "run it as root",
		    "running as uid %u", geteuid());
}

static enum verdict
check_users(const struct conf *c, struct finding *f)
{
	const char *const users[] = {c->api_user, c->gateway_user,
				     c->keeper_user};

	for (size_t i = 0; i < 3; i++) {
		if (!getpwnam(users[i]))
			return find(f, BAD,
				    "create it, or correct *_user in the "
				    "configuration, and restart vmctl",
				    "there is no user %s", users[i]);
	}
	return find(f, GOOD, "", "the users of api, gateway and keeper exist");
}

static enum verdict
check_store(const struct conf *c, struct finding *f)
{
	struct statvfs v;
	struct stat s;
	uint64_t free_mb;

	if (stat(c->vm_dir, &s) < 0)
		return find(f, BAD, "create it with mode 0700", "%s: %s",
			    c->vm_dir, strerror(errno));
	if (s.st_uid != 0 || (s.st_mode & 0077))
		return find(f, BAD, "chown root and chmod 0700 the folder",
			    "%s is open to others than root", c->vm_dir);
	if (statvfs(c->vm_dir, &v) < 0)
		return find(f, BAD, "look at the file system", "%s: %s",
			    c->vm_dir, strerror(errno));
	free_mb = v.f_bavail * v.f_frsize >> 20;
	return find(
		f, v.f_bavail * 10 < v.f_blocks ? WARN : GOOD,
		"less than a tenth is free: destroy sandboxes or enlarge it",
		"%s has %" PRIu64 " MiB free", c->vm_dir, free_mb);
}

static enum verdict
check_qemu(const struct conf *c, struct finding *f)
{
	static const char *const needed[] = {JAILROOT_QEMU, JAILROOT_FIRMWARE,
					     "/sbin/mkfs.ext4"};

	if (!is_qemu(c))
		return find(f, GOOD, "", "not needed by driver %s",
			    c->vm_driver);
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		if (access(needed[i], R_OK) < 0)
			return find(f, BAD,
				    "install qemu-system-x86, qemu-system-data "
				    "and e2fsprogs",
				    "%s is missing", needed[i]);
	}
	return find(f, GOOD, "", "QEMU, its firmware and mkfs.ext4 are there");
}

static enum verdict
check_network(const struct conf *c, struct finding *f)
{
	struct net_host n;
	struct err e;

	if (!is_qemu(c))
		return find(f, GOOD, "", "not needed by driver %s",
			    c->vm_driver);
	if (net_host_init(&n, c, &e) < 0)
		return find(f, BAD, "correct the configuration", "%s", e.msg);
	if (access(JAILROOT_RESOLVER_PROGRAM, X_OK) < 0)
		return find(f, BAD, "install dnsmasq-base", "%s is missing",
			    JAILROOT_RESOLVER_PROGRAM);
	if (access("/dev/net/tun", R_OK | W_OK) < 0)
		return find(f, BAD, "load the kernel module tun",
			    "/dev/net/tun: %s", strerror(errno));
	if (net_host_resolvers(&n, &e) < 0)
		return find(f, BAD, "correct net_resolvers", "%s", e.msg);
	return find(f, n.peers.resolver_count > 0 ? GOOD : WARN,
		    "set net_resolvers: VMs find no names",
		    "dnsmasq and tun are there, %zu resolvers to ask",
		    n.peers.resolver_count);
}

static enum verdict
check_guest(const struct conf *c, struct finding *f)
{
	const char *const files[] = {c->kernel_file, c->initramfs_file};

	for (size_t i = 0; is_qemu(c) && i < 2; i++) {
		struct err e;
		auto_close int fd = image_open_shared(files[i], &e);

		if (fd < 0)
			return find(f, BAD,
				    "build it with scripts/build-kernel and "
				    "scripts/build-initramfs, mode 0644",
				    "%s", e.msg);
	}
	return find(f, GOOD, "", "guest kernel and initramfs are there");
}

static enum verdict
check_templates(const struct conf *c, struct finding *f)
{
	char names[DRIVER_TEMPLATES_MAX][33];
	size_t n = is_qemu(c) ? image_list(c->image_dir, names,
					   DRIVER_TEMPLATES_MAX)
			      : 1;

	return find(f, n > 0 ? GOOD : BAD,
		    "build one with scripts/build-image minimal",
		    "%zu templates in %s", n, c->image_dir);
}

static enum verdict
check_memory(const struct conf *c, struct finding *f)
{
	uint64_t free_mb = procfs_memory_available() >> 20;
	uint64_t reserve_mb = (uint64_t)c->vm_memory_reserve_mb;

	return find(f, free_mb > reserve_mb + 640 ? GOOD : WARN,
		    "not enough for one sandbox of 512 MiB: free some memory",
		    "%" PRIu64 " MiB available, %" PRIu64 " reserved", free_mb,
		    reserve_mb);
}

struct census {
	struct vmctl *v;
	unsigned vms, exited;
	uid_t uid[4096]; /* of running VMs */
	unsigned running, orphans;
};

static int
count_vm(void *arg, const struct vmctl_vm *vm)
{
	struct census *n = arg;

	n->vms++;
	if (vm->has_exit_cause)
		n->exited++;
	if (vm->uid > 0 && n->running < 4096)
		n->uid[n->running++] = (uid_t)vm->uid;
	return 0;
}

static void
count_orphan(pid_t pid, uid_t uid, void *arg)
{
	struct census *n = arg;

	(void)pid;
	for (unsigned i = 0; i < n->running; i++) {
		if (n->uid[i] == uid)
			return;
	}
	n->orphans++;
}

static enum verdict
check_daemon(const struct conf *c, struct finding *f)
{
	struct vmctl *v = vmctl_new(c->vmctl_socket);
	struct vmctl_host_info info;
	struct err e;
	enum verdict verdict;

	if (!v || vmctl_host_info(v, &info, &e) < 0)
		verdict = find(f, BAD, "start it, and read its log", "%s",
			       v ? e.msg : "no memory");
	else
		verdict = find(f, GOOD, "",
			       "answers: driver %s %s, accelerator %s, %" PRId64
			       " VMs",
			       info.driver, info.vmm_version, info.accel,
			       info.vms);
	vmctl_free(v);
	return verdict;
}

static enum verdict
check_orphans(const struct conf *c, struct finding *f)
{
	static struct census n;
	struct err e;
	int rc;

	n = (struct census){.v = vmctl_new(c->vmctl_socket)};
	rc = n.v ? vmctl_list(n.v, count_vm, &n, &e) : -1;
	vmctl_free(n.v);
	if (rc < 0)
		return find(f, WARN, "start the daemon", "cannot be told");
	procfs_each((uid_t)c->vm_uid_base,
		    (uid_t)(c->vm_uid_base + c->vm_uid_count - 1), count_orphan,
		    &n);
	if (n.orphans > 0)
		return find(f, BAD, "restart vmctl: it kills them",
			    "%u processes of VM users belong to no VM",
			    n.orphans);
	return find(f, n.exited ? WARN : GOOD,
		    "their VMM is gone: `vmctl list` says why, `vmctl destroy` "
		    "removes them",
		    "%u VMs, %u of them exited, no orphan processes", n.vms,
		    n.exited);
}

static const struct {
	const char *name;
	enum verdict (*run)(const struct conf *c, struct finding *f);
} checks[] = {
	{"root", check_root},		{"users", check_users},
	{"store", check_store},		{"qemu", check_qemu},
	{"network", check_network},	{"guest", check_guest},
	{"templates", check_templates}, {"memory", check_memory},
	{"daemon", check_daemon},	{"orphans", check_orphans},
};

static void
print_text(const char *name, enum verdict v, const struct finding *f)
{
	printf("%-4s  %-10s %s\n", verdict_names[v], name, f->text);
	if (f->advice[0])
		printf("%18s-> %s\n", "", f->advice);
}

static json_t *
as_json(const char *name, enum verdict v, const struct finding *f)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "check", name, "result",
			 verdict_names[v], "message", f->text, "action",
			 f->advice);
}

int
doctor_run(const struct conf *c, bool json)
{
	auto_json json_t *list = json_array();
	auto_free char *text = NULL;
	bool bad = false;

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		struct finding f;
		enum verdict v = checks[i].run(c, &f);

		bad |= v == BAD;
		if (json)
			json_array_append_new(list,
					      as_json(checks[i].name, v, &f));
		else
			print_text(checks[i].name, v, &f);
	}
	text = json ? json_text(list) : NULL;
	if (text)
		puts(text);
	return bad ? 1 : 0;
}
