#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auto.h"
#include "copy.h"
#include "err.h"
#include "run.h"
#include "vm_store.h"

#define PRISTINE ".pristine"
#define MKFS "/sbin/mkfs.ext4"
#define MKFS_MS 4000
#define LAYOUT 1 /* raised when the options below change */

/* The inode tables and the journal are initialised when first used, so that
 * the file has 64 KiB of data and a copy takes 0.1 ms. */
static const char extended[] =
	"lazy_itable_init=1,lazy_journal_init=1,nodiscard,"
	"packed_meta_blocks=1";

static int
mkfs(int fd, struct err *e)
{
	char path[64];
	const char *const argv[] = {MKFS,
				    "-q",
				    "-F",
				    "-m",
				    "0",
				    "-O",
				    "^resize_inode,sparse_super2",
				    "-J",
				    "size=16",
				    "-E",
				    extended,
				    path,
				    NULL};

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return run_program(argv, fd, NULL, 0, MKFS_MS, e);
}

static int
make_pristine(int folder, const char *name, int64_t disk_gb, struct err *e)
{
	auto_close int fd = -1;
	char fresh[64];

	/* Two jobs may make the same size at once: the last rename wins. */
	snprintf(fresh, sizeof(fresh), "new-%d", (int)getpid());
	fd = openat(folder, fresh, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC,
		    0600);
	if (fd < 0 || ftruncate(fd, (off_t)disk_gb << 30) < 0)
		return err_errno(e, "make pristine disk");
	if (mkfs(fd, e) < 0)
		return -1;
	if (fsync(fd) < 0 || renameat(folder, fresh, folder, name) < 0)
		return err_errno(e, "keep pristine disk");
	return 0;
}

/* An open descriptor of the pristine disk, made when missing. */
static int
open_pristine(int dir_fd, int64_t disk_gb, struct err *e)
{
	auto_close int folder = -1;
	char name[64];
	int fd;

	snprintf(name, sizeof(name), "ext4-v%d-%ldg.img", LAYOUT,
		 (long)disk_gb);
	if (mkdirat(dir_fd, PRISTINE, 0700) < 0 && errno != EEXIST)
		return err_errno(e, "make %s", PRISTINE);
	folder = openat(dir_fd, PRISTINE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return err_errno(e, "open %s", PRISTINE);
	fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	if (make_pristine(folder, name, disk_gb, e) < 0)
		return -1;
	fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? err_errno(e, "open pristine disk") : fd;
}

int
disk_make(int dir_fd, int folder, int64_t disk_gb, uid_t uid, struct err *e)
{
	auto_close int from = open_pristine(dir_fd, disk_gb, e);
	auto_close int to = -1;

	if (from < 0)
		return err_wrap(e, "make disk");
	to = openat(folder, VM_STORE_DISK,
		    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return err_errno(e, "make disk");
	if (copy_sparse(from, to, e) < 0)
		return err_wrap(e, "make disk");
	if (fchown(to, uid, uid) < 0 || fchmod(to, 0600) < 0)
		return err_errno(e, "own disk");
	return 0;
}
