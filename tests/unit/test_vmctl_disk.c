/* Overlay disks: sparse, exact, a VM's own. Needs root and mkfs.ext4. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/cmocka_all.h"
#include "auto.h"
#include "err.h"

#include "../../vmctl/copy.h"
#include "../../vmctl/disk.h"
#include "../../vmctl/vm_store.h"

#define UID 799999u
#define EXT4_MAGIC_AT 1080

static char dir[64];

static int
make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/caged-test-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int
remove_dir(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf -- '%s'", dir);
	return system(command);
}

static void
copies_keep_holes(void **state)
{
	/* data at the start, in the middle, and a hole at the end */
	static const off_t at[] = {0, 5 << 20, 9 << 20};
	auto_close int from = -1, to = -1;
	struct stat a, b;
	struct err e;
	char path[128], byte;

	(void)state;
	snprintf(path, sizeof(path), "%s/from", dir);
	from = open(path, O_RDWR | O_CREAT, 0600);
	snprintf(path, sizeof(path), "%s/to", dir);
	to = open(path, O_RDWR | O_CREAT, 0600);
	assert_int_equal(ftruncate(from, 64 << 20), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pwrite(from, "x", 1, at[i]), 1);
	assert_int_equal(copy_sparse(from, to, &e), 0);
	assert_int_equal(fstat(from, &a), 0);
	assert_int_equal(fstat(to, &b), 0);
	assert_int_equal(b.st_size, 64 << 20);
	assert_true(b.st_blocks <= a.st_blocks);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pread(to, &byte, 1, at[i]), 1);
		assert_int_equal(byte, 'x');
		assert_int_equal(pread(to, &byte, 1, at[i] + 4096), 1);
		assert_int_equal(byte, 0);
	}
}

static void
a_disk_is_ext4_and_the_vms(void **state)
{
	auto_close int dir_fd = open(dir, O_RDONLY | O_DIRECTORY);
	auto_close int folder = -1, fd = -1;
	unsigned char magic[2];
	struct stat s;
	struct err e;

	(void)state;
	assert_int_equal(mkdirat(dir_fd, "vm", 0700), 0);
	folder = openat(dir_fd, "vm", O_RDONLY | O_DIRECTORY);
	if (disk_make(dir_fd, folder, 5, UID, &e) < 0)
		fail_msg("%s", e.msg);
	fd = openat(folder, VM_STORE_DISK, O_RDONLY);
	assert_int_equal(fstat(fd, &s), 0);
	assert_int_equal(s.st_size, INT64_C(5) << 30);
	assert_int_equal(s.st_uid, UID);
	assert_int_equal(s.st_mode & 07777, 0600);
	assert_true(s.st_blocks * 512 < 1 << 20);
	assert_int_equal(pread(fd, magic, 2, EXT4_MAGIC_AT), 2);
	assert_int_equal(magic[0], 0x53);
	assert_int_equal(magic[1], 0xef);
	/* never over another disk */
	assert_int_equal(disk_make(dir_fd, folder, 5, UID, &e), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_keep_holes),
		cmocka_unit_test(a_disk_is_ext4_and_the_vms),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
