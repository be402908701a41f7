#include "qemu_args.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "jailroot.h"

#define TEXT_MAX 8192
#define CONSOLE_BYTES 65536 /* kept by QEMU's ring; never read by the host */
#define TB_MIB 64 /* the default translation buffer costs 75 MiB more */

static const char sandbox[] =
	"on,obsolete=deny,elevateprivileges=deny,spawn=deny,"
	"resourcecontrol=deny";

static void add(struct qemu_args *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void
add(struct qemu_args *a, const char *fmt, ...)
{
	char arg[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(arg, sizeof(arg), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(arg) || a->count == QEMU_ARGS_MAX) {
		a->text.full = true;
		return;
	}
	buf_add(&a->text, arg, (size_t)n + 1);
	a->count++;
}

static void
add_all(struct qemu_args *a, const char *const *args)
{
	for (; *args; args++)
		add(a, "%s", *args);
}

static void
begin(struct qemu_args *a)
{
	static const char *const fixed[] = {"qemu",
					    "-nodefaults",
					    "-no-user-config",
					    "-display",
					    "none",
					    "-no-reboot",
					    "-bios",
					    JAILROOT_FIRMWARE,
					    "-sandbox",
					    sandbox,
					    NULL};

	a->count = 0;
	buf_init(&a->text, TEXT_MAX);
	add_all(a, fixed);
}

/* argv points into text only once text no longer moves. */
static int
finish(struct qemu_args *a)
{
	const char *p = buf_str(&a->text);

	if (a->text.full)
		return -1;
	for (size_t i = 0; i < a->count; i++) {
		a->argv[i] = p;
		p += strlen(p) + 1;
	}
	a->argv[a->count] = NULL;
	return 0;
}

static void
add_machine(struct qemu_args *a, const struct qemu_shape *s)
{
	add(a, "-M");
	add(a, "microvm,acpi=on,memory-backend=ram");
	add(a, "-object");
	add(a, "memory-backend-ram,id=ram,size=%" PRId64 "M", s->memory_mb);
	add(a, "-m");
	add(a, "%" PRId64 "M", s->memory_mb);
	add(a, "-smp");
	add(a, "%" PRId64, s->cpus);
	add(a, "-accel");
	if (s->accel == ACCEL_KVM)
		add(a, "kvm");
	else
		add(a, "tcg,thread=multi,tb-size=%d", TB_MIB);
	add(a, "-cpu");
	add(a, "%s", s->accel == ACCEL_KVM ? "host" : "max");
}

/* The kernel is opened by plain open(2): an fdset path would not do. */
static void
add_kernel(struct qemu_args *a, const struct qemu_shape *s)
{
	char khz[64] = "";

	/* Else TSC calibration races an emulated PIT and may spin for ever. */
	if (s->accel == ACCEL_TCG && s->tsc_khz > 0)
		snprintf(khz, sizeof(khz), " tsc_early_khz=%" PRId64,
			 s->tsc_khz);
	add(a, "-kernel");
	add(a, "/proc/self/fd/%d", QEMU_FD_KERNEL);
	add(a, "-append");
	/* Crypto's self-tests and the wait for a random seed, which a claim
	 * brings anyway, would take 0.4 s of an emulated boot. */
	add(a,
	    "console=ttyS0 quiet reboot=t panic=-1 no_timer_check "
	    "tsc=reliable cryptomgr.notests random.trust_cpu=on%s",
	    khz);
}

static void
add_fdset(struct qemu_args *a, int fd, int set)
{
	add(a, "-add-fd");
	add(a, "fd=%d,set=%d", fd, set);
}

/* No locks: the image is never written, a disk has one VMM by construction, and
 * QEMU would look for /dev/null to find out how to lock. */
static void
add_disks(struct qemu_args *a)
{
	static const char *const devices[] = {
		"-drive",
		"file=/dev/fdset/1,if=none,id=base,format=raw,readonly=on,"
		"file.locking=off",
		"-device",
		"virtio-blk-device,drive=base,serial=base",
		"-drive",
		"file=/dev/fdset/2,if=none,id=overlay,format=raw,"
		"cache=writeback,discard=unmap,file.locking=off",
		"-device",
		"virtio-blk-device,drive=overlay,serial=overlay",
		NULL};

	add_fdset(a, QEMU_FD_IMAGE, 1);
	/* QEMU first opens a writable disk read-only. */
	add_fdset(a, QEMU_FD_DISK_RW, 2);
	add_fdset(a, QEMU_FD_DISK_RO, 2);
	add_all(a, devices);
}

static void
add_ports(struct qemu_args *a)
{
	static const char *const devices[] = {
		"-mon",	   "chardev=qmp,mode=control",
		"-serial", "chardev:console",
		"-device", "virtio-serial-device",
		"-device", "virtserialport,chardev=agent,name=caged.agent",
		"-object", "rng-builtin,id=rng",
		"-device", "virtio-rng-device,rng=rng",
		NULL};

	add(a, "-chardev");
	add(a, "socket,id=qmp,fd=%d,server=on,wait=off", QEMU_FD_QMP);
	add(a, "-chardev");
	add(a, "socket,id=agent,fd=%d,server=on,wait=off", QEMU_FD_AGENT);
	add(a, "-chardev");
	add(a, "ringbuf,id=console,size=%d", CONSOLE_BYTES);
	add_all(a, devices);
}

/* Always there: a guest's devices cannot change while it runs, its network can.
 * The same address in all: a clone keeps it. */
static void
add_network(struct qemu_args *a)
{
	add(a, "-netdev");
	add(a, "tap,id=net,fd=%d,vhost=off", QEMU_FD_TAP);
	add(a, "-device");
	add(a, "virtio-net-device,netdev=net,mac=02:ca:9e:d0:00:02");
}

int
qemu_args_vm(struct qemu_args *a, const struct qemu_shape *s)
{
	begin(a);
	add(a, "-S");
	add_machine(a, s);
	add_kernel(a, s);
	add(a, "-initrd");
	add(a, "/proc/self/fd/%d", QEMU_FD_INITRAMFS);
	add_disks(a);
	add_ports(a);
	add_network(a);
	return finish(a);
}

int
qemu_args_probe(struct qemu_args *a, const struct qemu_shape *s)
{
	begin(a);
	add_machine(a, s);
	add_kernel(a, s);
	return finish(a);
}

void
qemu_args_fini(struct qemu_args *a)
{
	buf_fini(&a->text);
}
