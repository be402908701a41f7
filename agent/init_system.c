#include "init.h"

#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "auto.h"
#include "err.h"

#define PORTS "/sys/class/virtio-ports"
#define WAIT_STEPS 1000
#define WAIT_STEP_NS 5000000 /* with WAIT_STEPS: 5 s */

/* /tmp stays on the disk, as in Debian: memory is the scarcer of the two. */
static const struct {
	const char *type, *place, *options;
	unsigned long flags;
} mounts[] = {
	{"tmpfs", "/run", "mode=0755,size=20%", MS_NOSUID | MS_NODEV},
	{"devpts", "/dev/pts", "gid=5,mode=620,ptmxmode=666",
	 MS_NOSUID | MS_NOEXEC},
	{"tmpfs", "/dev/shm", "mode=1777,size=50%", MS_NOSUID | MS_NODEV},
	{"mqueue", "/dev/mqueue", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC},
	{"cgroup2", "/sys/fs/cgroup", "memory_recursiveprot",
	 MS_NOSUID | MS_NODEV | MS_NOEXEC},
};

static const struct {
	const char *to, *name;
} links[] = {
	{"/proc/self/fd", "/dev/fd"},
	{"/proc/self/fd/0", "/dev/stdin"},
	{"/proc/self/fd/1", "/dev/stdout"},
	{"/proc/self/fd/2", "/dev/stderr"},
};

/* What Debian's own start-up would set, and room for many small processes. */
static const struct {
	const char *name, *value;
} settings[] = {
	{"fs/protected_hardlinks", "1"},
	{"fs/protected_symlinks", "1"},
	{"fs/protected_fifos", "1"},
	{"fs/protected_regular", "2"},
	{"fs/inotify/max_user_watches", "524288"},
	{"fs/inotify/max_user_instances", "1024"},
	{"kernel/dmesg_restrict", "1"},
	{"kernel/kptr_restrict", "1"},
	{"kernel/threads-max", "16384"},
	{"net/ipv4/ping_group_range", "0 2147483647"},
	/* No host answers it, and programs would try it first. */
	{"net/ipv6/conf/eth0/disable_ipv6", "1"},
};

/* A kernel without a setting does without it. */
static void
apply_setting(const char *name, const char *value)
{
	char path[128];
	auto_close int fd = -1;

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, value, strlen(value)) < 0)
		return;
}

static int
mount_all(struct err *e)
{
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		const char *place = mounts[i].place;

		if (mkdir(place, 0755) < 0 && errno != EEXIST)
			return err_errno(e, "mkdir %s", place);
		if (mount(mounts[i].type, place, mounts[i].type,
			  mounts[i].flags, mounts[i].options) < 0)
			return err_errno(e, "mount %s", place);
	}
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (symlink(links[i].to, links[i].name) < 0 && errno != EEXIST)
			return err_errno(e, "make %s", links[i].name);
	return 0;
}

static int
raise_loopback(struct err *e)
{
	auto_close int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = {.ifr_name = "lo", .ifr_flags = IFF_UP};

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &ifr) < 0)
		return err_errno(e, "raise lo");
	return 0;
}

int
init_system(struct err *e)
{
	if (mount_all(e) < 0 || raise_loopback(e) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		apply_setting(settings[i].name, settings[i].value);
	reboot(RB_DISABLE_CAD);
	return 0;
}

/* Whether /sys says that this device is the port `name`. */
static bool
is_port(int ports, const char *device, const char *name)
{
	char path[NAME_MAX + 8], text[64];
	auto_close int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/name", device);
	fd = openat(ports, path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return false;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return strcmp(text, name) == 0;
}

/* A descriptor, or -1 when it is not there yet. */
static int
find_port(const char *name)
{
	char path[NAME_MAX + 8];
	DIR *d = opendir(PORTS);
	struct dirent *ent;
	int fd = -1;

	while (d && fd < 0 && (ent = readdir(d)) != NULL) {
		if (ent->d_name[0] == '.' ||
		    !is_port(dirfd(d), ent->d_name, name))
			continue;
		snprintf(path, sizeof(path), "/dev/%s", ent->d_name);
		fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	}
	if (d)
		closedir(d);
	return fd;
}

int
init_open_port(const char *name, struct err *e)
{
	const struct timespec step = {.tv_nsec = WAIT_STEP_NS};

	for (int i = 0; i < WAIT_STEPS; i++) {
		int fd = find_port(name);

		if (fd >= 0)
			return fd;
		nanosleep(&step, NULL);
	}
	return err_set(e, ERR_INTERNAL, "no virtio-serial port %s", name);
}
