/*
 * The root is an overlay: the template's read-only erofs (vda) below, the
 * sandbox's own ext4 (vdb) above. index and nfs_export let fanotify report
 * files of the overlay; they tie an upper layer to its image.
 */
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "auto.h"
#include "err.h"

#define IMAGE "/dev/vda"
#define DISK "/dev/vdb"
#define MODULES "/modules.list"
#define MODULE_PATH_MAX 256
#define WAIT_STEPS 1000
#define WAIT_STEP_NS 5000000 /* with WAIT_STEPS: 5 s */

int
init_console(struct err *e)
{
	int fd;

	/* The kernel may have mounted it already (CONFIG_DEVTMPFS_MOUNT). */
	if (mount("dev", "/dev", "devtmpfs", MS_NOSUID, "mode=0755") < 0 &&
	    errno != EBUSY)
		return err_errno(e, "mount /dev");
	fd = open("/dev/console", O_RDWR | O_NOCTTY);
	if (fd < 0)
		fd = open("/dev/null", O_RDWR);
	if (fd < 0)
		return err_errno(e, "open /dev/console");
	for (int i = 0; i <= STDERR_FILENO; i++)
		if (fd != i && dup2(fd, i) < 0)
			return err_errno(e, "dup2");
	if (fd > STDERR_FILENO)
		close(fd);
	return 0;
}

static int
load_module(const char *path, struct err *e)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_errno(e, "open %s", path);
	/* A driver without its hardware, or built in, is no reason to stop. */
	if (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != EEXIST &&
	    errno != ENODEV)
		return err_errno(e, "load %s", path);
	unlink(path); /* memory of the initramfs */
	return 0;
}

static int
load_modules(struct err *e)
{
	char line[MODULE_PATH_MAX];
	FILE *f = fopen(MODULES, "re");
	int rc = 0;

	if (!f)
		return err_errno(e, "open " MODULES);
	while (rc == 0 && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0])
			rc = load_module(line, e);
	}
	fclose(f);
	return rc;
}

static int
wait_for(const char *path, struct err *e)
{
	const struct timespec step = {.tv_nsec = WAIT_STEP_NS};

	for (int i = 0; i < WAIT_STEPS; i++) {
		if (access(path, F_OK) == 0)
			return 0;
		nanosleep(&step, NULL);
	}
	return err_set(e, ERR_INTERNAL, "%s did not appear", path);
}

static int
make_folder(const char *path, struct err *e)
{
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return err_errno(e, "mkdir %s", path);
	return 0;
}

static int
mount_root(struct err *e)
{
	if (wait_for(IMAGE, e) < 0 || wait_for(DISK, e) < 0)
		return -1;
	if (mount(IMAGE, "/lower", "erofs", MS_RDONLY, NULL) < 0)
		return err_errno(e, "mount " IMAGE);
	if (mount(DISK, "/rw", "ext4", MS_NOATIME, NULL) < 0)
		return err_errno(e, "mount " DISK);
	if (make_folder("/rw/upper", e) < 0 || make_folder("/rw/work", e) < 0)
		return -1;
	if (mount("overlay", "/newroot", "overlay", MS_NOATIME,
		  "lowerdir=/lower,upperdir=/rw/upper,workdir=/rw/work,"
		  "index=on,nfs_export=on") < 0)
		return err_errno(e, "mount the overlay");
	return 0;
}

static int
take_along(const char *from, const char *to, struct err *e)
{
	if (mount(from, to, NULL, MS_MOVE, NULL) < 0)
		return err_errno(e, "move %s", from);
	return 0;
}

static int
switch_root(struct err *e)
{
	if (take_along("/dev", "/newroot/dev", e) < 0 ||
	    take_along("/proc", "/newroot/proc", e) < 0 ||
	    take_along("/sys", "/newroot/sys", e) < 0)
		return -1;
	if (chdir("/newroot") < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 ||
	    chroot(".") < 0 || chdir("/") < 0)
		return err_errno(e, "switch to the new root");
	return 0;
}

int
init_root(struct err *e)
{
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		  NULL) < 0 ||
	    mount("sys", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		  NULL) < 0)
		return err_errno(e, "mount /proc and /sys");
	if (load_modules(e) < 0 || mount_root(e) < 0)
		return -1;
	return switch_root(e);
}
