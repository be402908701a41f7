#include "accel.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <sys/pidfd.h>
#include <poll.h>
#include <unistd.h>

#include "auto.h"
#include "child.h"
#include "err.h"
#include "host.h"
#include "image.h"
#include "jail.h"
#include "qemu_args.h"
#include "spawn.h"

#define ANSWER "/run/caged-vm-accel"
#define PROBE_MEMORY_MB 256

const char *
accel_name(enum accel a)
{
	return a == ACCEL_KVM ? "kvm" : "tcg";
}

/* One line: boot id, QEMU's identity (its jail root), the answer. */
static void
answer_key(const struct host *h, const char *root, char *out, size_t size)
{
	snprintf(out, size, "%s %s ", h->boot_id, strrchr(root, '/') + 1);
}

static int
recall(const struct host *h, const char *root, enum accel *out)
{
	auto_close int fd = open(ANSWER, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char text[256] = "", key[128];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	answer_key(h, root, key, sizeof(key));
	if (n <= 0 || strncmp(text, key, strlen(key)) != 0)
		return -1;
	*out = strcmp(text + strlen(key), "kvm\n") == 0 ? ACCEL_KVM : ACCEL_TCG;
	return 0;
}

/* Losing it costs one more probe: no fsync. */
static void
remember(const struct host *h, const char *root, enum accel a)
{
	auto_close int fd = open(
		ANSWER, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		0600);
	char key[128];

	answer_key(h, root, key, sizeof(key));
	if (fd >= 0)
		dprintf(fd, "%s%s\n", key, accel_name(a));
}

/* Whether the process exits with 0 within ms. */
static bool
exits_well(pid_t pid, int ms)
{
	auto_close int fd = pidfd_open(pid, 0);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int status = -1;

	if (fd < 0 || poll(&p, 1, ms) <= 0)
		kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The kernel alone panics for want of a root and resets (panic=-1): QEMU then
 * exits with 0. An accelerator that cannot run a guest aborts or hangs. */
static bool
probe_kvm(const struct host *h, const char *root)
{
	const struct qemu_shape shape = {
		.accel = ACCEL_KVM, .cpus = 1, .memory_mb = PROBE_MEMORY_MB};
	/* The last uid of the range: the pool gives it last. */
	const struct jail jail = {.root = root,
				  .uid = (uid_t)(h->conf->vm_uid_base +
						 h->conf->vm_uid_count - 1),
				  .devices = true};
	struct err why;
	auto_close int kernel = image_open_shared(h->conf->kernel_file, &why);
	auto_close int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct qemu_args args;
	struct spawn s = {.jail = &jail,
			  .program = JAILROOT_QEMU,
			  .argv = args.argv,
			  .fds = &kernel,
			  .fd_count = 1,
			  .input_fd = -1,
			  .log_fd = null};
	pid_t pid = -1;

	if (kernel < 0 || null < 0)
		return false;
	if (qemu_args_probe(&args, &shape) == 0)
		pid = spawn_in_jail(&s, &why);
	qemu_args_fini(&args);
	return pid > 0 && exits_well(pid, ACCEL_PROBE_MS);
}

int
accel_choose(const struct host *h, const char *root, enum accel *out,
	     struct err *e)
{
	const char *want = h->conf->vm_accel;
	enum accel found;

	if (strcmp(want, "tcg") == 0) {
		*out = ACCEL_TCG;
		return 0;
	}
	if (recall(h, root, &found) < 0) {
		found = access("/dev/kvm", R_OK | W_OK) == 0 &&
					probe_kvm(h, root)
				? ACCEL_KVM
				: ACCEL_TCG;
		remember(h, root, found);
	}
	if (strcmp(want, "kvm") == 0 && found != ACCEL_KVM)
		return err_set(e, ERR_INTERNAL,
			       "vm_accel is kvm, but no guest boots under KVM");
	*out = found;
	return 0;
}
