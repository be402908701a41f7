/* QEMU's command line: what must be there, and what must never be. */
#include <stdio.h>
#include <string.h>

#include "../support/cmocka_all.h"

#include "../../vmctl/qemu_args.h"
#include "../../vmctl/spawn.h"

static const struct qemu_shape tcg = {
	.accel = ACCEL_TCG, .cpus = 2, .memory_mb = 512, .tsc_khz = 2300000};
static const struct qemu_shape kvm = {
	.accel = ACCEL_KVM, .cpus = 8, .memory_mb = 8192, .tsc_khz = 2300000};

/* The value after `name`; NULL when it is missing. */
static const char *
value_of(const struct qemu_args *a, const char *name)
{
	for (size_t i = 0; i + 1 < a->count; i++) {
		if (strcmp(a->argv[i], name) == 0)
			return a->argv[i + 1];
	}
	return NULL;
}

static bool
has(const struct qemu_args *a, const char *text)
{
	for (size_t i = 0; i < a->count; i++) {
		if (strstr(a->argv[i], text))
			return true;
	}
	return false;
}

static void
every_vm_is_locked_up(void **state)
{
	const struct qemu_shape *shapes[] = {&tcg, &kvm};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct qemu_args a;

		assert_int_equal(qemu_args_vm(&a, shapes[i]), 0);
		assert_null(a.argv[a.count]);
		assert_string_equal(
			value_of(&a, "-sandbox"),
			"on,obsolete=deny,elevateprivileges=deny,spawn=deny,"
			"resourcecontrol=deny");
		assert_string_equal(value_of(&a, "-bios"),
				    "/usr/share/qemu/qboot.rom");
		assert_true(has(&a, "-nodefaults"));
		assert_true(has(&a, "-no-user-config"));
		assert_true(has(&a, "-no-reboot"));
		assert_non_null(value_of(&a, "-S"));
		/* no path of the host, nothing but descriptors */
		assert_string_equal(value_of(&a, "-netdev"),
				    "tap,id=net,fd=10,vhost=off");
		assert_false(has(&a, "-nic"));
		assert_false(has(&a, "path="));
		assert_false(has(&a, "/var"));
		qemu_args_fini(&a);
	}
}

static void
accelerators(void **state)
{
	struct qemu_shape unknown_tsc = tcg;
	struct qemu_args a;

	(void)state;
	assert_int_equal(qemu_args_vm(&a, &tcg), 0);
	assert_string_equal(value_of(&a, "-accel"),
			    "tcg,thread=multi,tb-size=64");
	assert_string_equal(value_of(&a, "-cpu"), "max");
	assert_true(has(&a, " tsc_early_khz=2300000"));
	assert_string_equal(value_of(&a, "-m"), "512M");
	qemu_args_fini(&a);
	assert_int_equal(qemu_args_vm(&a, &kvm), 0);
	assert_string_equal(value_of(&a, "-accel"), "kvm");
	assert_string_equal(value_of(&a, "-cpu"), "host");
	assert_false(has(&a, "tsc_early_khz"));
	assert_string_equal(value_of(&a, "-smp"), "8");
	qemu_args_fini(&a);
	unknown_tsc.tsc_khz = 0;
	assert_int_equal(qemu_args_vm(&a, &unknown_tsc), 0);
	assert_false(has(&a, "tsc_early_khz"));
	qemu_args_fini(&a);
}

static void
disks_and_ports(void **state)
{
	struct qemu_args a;
	char fd[64];

	(void)state;
	assert_int_equal(QEMU_FD_KERNEL, SPAWN_FD_FIRST);
	assert_true(QEMU_FD_END - SPAWN_FD_FIRST <= SPAWN_FDS_MAX);
	assert_int_equal(qemu_args_vm(&a, &tcg), 0);
	assert_true(has(&a, "file=/dev/fdset/1,if=none,id=base,format=raw,"
			    "readonly=on"));
	assert_true(has(&a, "cache=writeback,discard=unmap"));
	assert_true(has(&a, "name=caged.agent"));
	assert_true(has(&a, "ringbuf,id=console"));
	for (int i = QEMU_FD_IMAGE; i <= QEMU_FD_DISK_RO; i++) {
		snprintf(fd, sizeof(fd), "fd=%d,set=%d", i,
			 i == QEMU_FD_IMAGE ? 1 : 2);
		assert_true(has(&a, fd));
	}
	snprintf(fd, sizeof(fd), "fd=%d,server=on,wait=off", QEMU_FD_AGENT);
	assert_true(has(&a, fd));
	qemu_args_fini(&a);
}

static void
the_probe_has_a_kernel_only(void **state)
{
	struct qemu_args a;

	(void)state;
	assert_int_equal(qemu_args_probe(&a, &kvm), 0);
	assert_string_equal(value_of(&a, "-kernel"), "/proc/self/fd/3");
	assert_false(has(&a, "-S"));
	assert_false(has(&a, "fdset"));
	assert_true(has(&a, "panic=-1"));
	assert_true(has(&a, "-no-reboot"));
	qemu_args_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_vm_is_locked_up),
		cmocka_unit_test(accelerators),
		cmocka_unit_test(disks_and_ports),
		cmocka_unit_test(the_probe_has_a_kernel_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
