/* Folders and state files. Needs root, as the daemon does. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/cmocka_all.h"
#include "auto.h"
#include "err.h"

#include "../../vmctl/vm_state.h"
#include "../../vmctl/vm_store.h"

#define ID "cage-0123456789abcdef"
#define OTHER "cage-fedcba9876543210"

static char dir[64];
static int dir_fd = -1;

static int
open_dir(void **state)
{
	struct err e;

	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/caged-test-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	dir_fd = vm_store_open(dir, &e);
	return dir_fd < 0 ? -1 : 0;
}

static int
remove_dir(void **state)
{
	char command[128];

	(void)state;
	close(dir_fd);
	snprintf(command, sizeof(command), "rm -rf -- '%s'", dir);
	return system(command);
}

static void
put(const char *path)
{
	auto_close int fd = openat(dir_fd, path, O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
}

static void
states_come_back(void **state)
{
	struct vm_state st, back;
	struct err e;

	(void)state;
	vm_state_init(&st, ID);
	st.op_id = 3;
	st.op = VMCTL_OP_create;
	assert_int_equal(vm_store_read(dir_fd, ID, &back, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(vm_store_write(dir_fd, &st, &e), 0);
	assert_true(st.changed_us > 0);
	assert_int_equal(vm_store_read(dir_fd, ID, &back, &e), 0);
	assert_int_equal(back.op_id, 3);
	st.op_id = 4;
	assert_int_equal(vm_store_write(dir_fd, &st, &e), 0);
	assert_int_equal(vm_store_read(dir_fd, ID, &back, &e), 0);
	assert_int_equal(back.op_id, 4);
}

static void
emptying_keeps_the_state(void **state)
{
	struct vm_state st;
	struct err e;

	(void)state;
	put(ID "/disk.ext4");
	put(ID "/agent.sock");
	assert_int_equal(vm_store_empty(dir_fd, ID, &e), 0);
	assert_int_equal(faccessat(dir_fd, ID "/disk.ext4", F_OK, 0), -1);
	assert_int_equal(vm_store_read(dir_fd, ID, &st, &e), 0);
	assert_int_equal(vm_store_remove(dir_fd, ID, &e), 0);
	assert_int_equal(faccessat(dir_fd, ID, F_OK, 0), -1);
	assert_int_equal(vm_store_remove(dir_fd, ID, &e), 0);
}

static void
another_vms_state_is_refused(void **state)
{
	struct vm_state st;
	struct err e;

	(void)state;
	vm_state_init(&st, ID);
	assert_int_equal(vm_store_write(dir_fd, &st, &e), 0);
	assert_int_equal(renameat(dir_fd, ID, dir_fd, OTHER), 0);
	assert_int_equal(vm_store_read(dir_fd, OTHER, &st, &e), -1);
	assert_int_equal(e.code, ERR_INVALID_REQUEST);
	assert_int_equal(vm_store_remove(dir_fd, OTHER, &e), 0);
}

/* A write that was cut leaves its new file beside the old state. */
static void
a_cut_write_changes_nothing(void **state)
{
	struct vm_state st;
	struct err e;

	(void)state;
	vm_state_init(&st, ID);
	st.op_id = 9;
	assert_int_equal(vm_store_write(dir_fd, &st, &e), 0);
	put(ID "/state.new");
	assert_int_equal(vm_store_read(dir_fd, ID, &st, &e), 0);
	assert_int_equal(st.op_id, 9);
	st.op_id = 10;
	assert_int_equal(vm_store_write(dir_fd, &st, &e), 0);
	assert_int_equal(vm_store_read(dir_fd, ID, &st, &e), 0);
	assert_int_equal(st.op_id, 10);
}

static void
the_folder_is_roots_alone(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(chmod(dir, 0755), 0);
	assert_int_equal(vm_store_open(dir, &e), -1);
	assert_int_equal(chmod(dir, 0700), 0);
	assert_int_equal(chown(dir, 65534, 0), 0);
	assert_int_equal(vm_store_open(dir, &e), -1);
	assert_int_equal(chown(dir, 0, 0), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states_come_back),
		cmocka_unit_test(emptying_keeps_the_state),
		cmocka_unit_test(another_vms_state_is_refused),
		cmocka_unit_test(a_cut_write_changes_nothing),
		cmocka_unit_test(the_folder_is_roots_alone),
	};

	return cmocka_run_group_tests(tests, open_dir, remove_dir);
}
