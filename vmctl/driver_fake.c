/*
 * VMs without a VMM, for tests of everything else: a child that drops to the
 * VM's uid, accepts connections on the agent's port and answers nothing. It
 * needs no QEMU, image or kernel. Its templates choose how it behaves.
 */
#include "driver.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <fcntl.h>
#include <time.h>

#include "auto.h"
#include "child.h"
#include "err.h"
#include "host.h"
#include "port.h"
#include "text.h"
#include "vm_state.h"
#include "vm_store.h"

#define FOREVER_MS 3600000

static const struct {
	const char *name;
	int boot_ms; /* how long boot takes */
	int live_ms; /* after which the VMM exits; 0: never */
	bool fails;
} templates[] = {
	{"minimal", 0, 0, false},	 {"slow", 1000, 0, false},
	{"stuck", FOREVER_MS, 0, false}, {"short", 0, 300, false},
	{"broken", 0, 0, true},
};

#define TEMPLATES (sizeof(templates) / sizeof(templates[0]))

static void
sleep_ms(int ms)
{
	struct timespec t = {.tv_sec = ms / 1000,
			     .tv_nsec = (long)(ms % 1000) * 1000000};

	nanosleep(&t, NULL);
}

static size_t
find(const char *name)
{
	size_t i = 0;

	while (i < TEMPLATES && strcmp(templates[i].name, name) != 0)
		i++;
	return i;
}

static int
fake_start(struct host *h, struct err *e)
{
	(void)e;
	text_copy(h->vmm_version, sizeof(h->vmm_version), "fake");
	return 0;
}

static bool
fake_has_template(const struct host *h, const char *name)
{
	(void)h;
	return find(name) < TEMPLATES;
}

static size_t
fake_templates(const struct host *h, char (*out)[33])
{
	(void)h;
	for (size_t i = 0; i < TEMPLATES; i++)
		text_copy(out[i], 33, templates[i].name);
	return TEMPLATES;
}

static const char *
fake_accel(const struct host *h)
{
	(void)h;
	return "fake";
}

/* Holds the last connection, as a port of a VMM does. */
static void
serve(int listener)
{
	int last = -1;

	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0 && errno != EINTR)
			_exit(1);
		auto_close_fn(&last);
		last = fd;
	}
}

static void
vmm(uid_t uid, int listener, int ready, int live_ms)
{
	int keep[] = {listener, ready};
	struct err e;

	child_keep_fds(keep, 2);
	if (setsid() < 0 || child_become(uid, &e) < 0)
		_exit(1);
	signal(SIGALRM, SIG_DFL);
	if (live_ms > 0) {
		struct itimerval t = {.it_value.tv_usec = live_ms * 1000L};

		setitimer(ITIMER_REAL, &t, NULL);
	}
	if (write(ready, "", 1) != 1)
		_exit(1);
	close(ready);
	serve(listener);
}

static pid_t
start_vmm(const struct vm_state *st, int listener, int live_ms, struct err *e)
{
	auto_close int reader = -1, writer = -1;
	int ends[2];
	pid_t pid;
	char byte;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_errno(e, "pipe");
	reader = ends[0];
	writer = ends[1];
	pid = fork();
	if (pid < 0)
		return err_errno(e, "fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		vmm(st->uid, listener, writer, live_ms);
	}
	close(steal_fd(&writer));
	if (read(reader, &byte, 1) != 1)
		return err_set(e, ERR_VMM_FAILED, "the fake VMM died");
	return pid;
}

static int
make_disk(int folder, const struct vm_state *st, struct err *e)
{
	auto_close int fd = openat(folder, VM_STORE_DISK,
				   O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, st->disk_gb << 30) < 0 ||
	    fchown(fd, st->uid, st->uid) < 0)
		return err_errno(e, "make disk");
	return 0;
}

static int
fake_boot(const struct host *h, int folder, struct vm_state *st, struct err *e)
{
	auto_close int listener = -1;
	size_t i = find(st->template);
	pid_t pid;

	if (i == TEMPLATES)
		return err_set(e, ERR_TEMPLATE_NOT_FOUND, "no such template");
	if (make_disk(folder, st, e) < 0)
		return -1;
	listener = port_listen(folder, VM_STORE_AGENT, e);
	if (listener < 0)
		return -1;
	pid = start_vmm(st, listener, templates[i].live_ms, e);
	if (pid < 0)
		return -1;
	sleep_ms(templates[i].boot_ms);
	if (templates[i].fails)
		return err_set(e, ERR_VMM_FAILED, "this template never boots");
	text_copy(st->accel, sizeof(st->accel), fake_accel(h));
	return driver_identify(pid, st, e);
}

/* There is no network whose state could differ from the wish. */
static int
fake_set_network(const struct host *h, struct vm_state *st, struct err *e)
{
	(void)h;
	(void)st;
	(void)e;
	return 0;
}

const struct driver driver_fake = {
	.name = "fake",
	.start = fake_start,
	.has_template = fake_has_template,
	.templates = fake_templates,
	.boot = fake_boot,
	.set_network = fake_set_network,
	.accel = fake_accel,
};
