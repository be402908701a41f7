/*
 * Theory of operation: one process, one epoll loop, no threads. A packet is a
 * request; it is answered at once from the tables, or a job (a forked child)
 * does the work and the answer follows its death. VMMs are children of jobs
 * that outlive them; the daemon is their subreaper, so that it learns how they
 * died, and after its own death its successor finds them by the state files.
 */
#include "server.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "auto.h"
#include "client.h"
#include "conf.h"
#include "dispatch.h"
#include "driver.h"
#include "err.h"
#include "host.h"
#include "host_start.h"
#include "job.h"
#include "life.h"
#include "log.h"
#include "peer.h"
#include "proc.h"
#include "recover.h"
#include "seqpacket.h"
#include "timeutil.h"
#include "vmctl_proto.h"

#define BACKLOG 128
#define SOURCES_MAX 8192 /* clients and VMMs */
#define EXPIRE_MS 600000

struct server {
	struct host host; /* the loop's argument points here */
	struct loop_src listener, signals;
	struct peer_users users;
	struct client *clients;
	bool stop;
};

static struct server *
server_of(void *host)
{
	return (struct server *)(void *)((char *)host -
					 offsetof(struct server, host));
}

static void
on_packet(struct loop_src *src, uint32_t events, void *arg)
{
	static char packet[VMCTL_PACKET_MAX + 1];
	struct server *s = server_of(arg);
	struct client *c = (struct client *)(void *)src;
	ssize_t n = seqpacket_recv(src->fd, packet, VMCTL_PACKET_MAX, NULL);

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	client_ref(c);
	if (n <= 0)
		client_close(c);
	else
		dispatch_packet(&s->host, c, packet, (size_t)n);
	client_unref(c);
}

static void
log_stranger(uid_t uid)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", uid);
	log_warn("stranger refused", "uid", text);
}

static void
admit(struct server *s, int fd)
{
	auto_close int sock = fd;
	struct client *c;
	unsigned roles;
	struct err e;
	uid_t uid;
	pid_t pid;

	if (peer_identity(sock, &uid, &pid) < 0)
		return;
	roles = peer_roles(&s->users, uid);
	if (roles == 0) {
		log_stranger(uid);
		return;
	}
	c = client_new(&s->host.loop, &s->clients, sock);
	if (!c)
		return;
	steal_fd(&sock);
	c->src.fn = on_packet;
	c->roles = roles;
	c->uid = uid;
	c->pid = pid;
	if (loop_add(&s->host.loop, &c->src, &e) < 0)
		client_close(c);
}

static void
on_connect(struct loop_src *src, uint32_t events, void *arg)
{
	int fd = accept4(src->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct server *s = server_of(arg);

	(void)events;
	if (fd >= 0 && s->host.loop.sources < SOURCES_MAX)
		admit(s, fd);
	else if (fd >= 0)
		close(fd);
}

static void
on_signal(struct loop_src *src, uint32_t events, void *arg)
{
	struct server *s = server_of(arg);
	struct signalfd_siginfo info;

	(void)events;
	while (read(src->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo != SIGCHLD)
			s->stop = true;
	}
	life_reap(&s->host);
}

static int
watch_signals(struct server *s, struct err *e)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return err_errno(e, "sigprocmask");
	s->signals.fn = on_signal;
	s->signals.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signals.fd < 0)
		return err_errno(e, "signalfd");
	return loop_add(&s->host.loop, &s->signals, e);
}

/* Clients are those who may enter the folder: the socket gets its group. */
static int
share_socket(const char *path, struct err *e)
{
	char folder[108];
	struct stat st;
	char *slash;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (slash)
		*slash = '\0';
	if (stat(slash ? folder : ".", &st) < 0 ||
	    chown(path, 0, st.st_gid) < 0 || chmod(path, 0660) < 0)
		return err_errno(e, "share %s", path);
	return 0;
}

static int
start_listening(struct server *s, struct err *e)
{
	const char *path = s->host.conf->vmctl_socket;

	s->listener.fn = on_connect;
	s->listener.fd = seqpacket_listen(path, BACKLOG, e);
	if (s->listener.fd < 0 || share_socket(path, e) < 0)
		return -1;
	return loop_add(&s->host.loop, &s->listener, e);
}

static int
serve(struct server *s, struct err *e)
{
	int64_t expire_ms = time_mono_ms() + EXPIRE_MS;

	while (!s->stop) {
		int wait = job_check_deadlines(&s->host);

		if (wait < 0 || wait > EXPIRE_MS)
			wait = EXPIRE_MS;
		if (loop_turn(&s->host.loop, wait, e) < 0)
			return -1;
		if (time_mono_ms() < expire_ms)
			continue;
		recover_expire(&s->host);
		expire_ms = time_mono_ms() + EXPIRE_MS;
	}
	return 0;
}

/* Nobody can have their role until vmctl is started again. */
static void
warn_of_missing(const struct conf *c, const struct peer_users *u)
{
	if (u->api == (uid_t)-1)
		log_warn("no such user", "user", c->api_user);
	if (u->gateway == (uid_t)-1)
		log_warn("no such user", "user", c->gateway_user);
	if (u->keeper == (uid_t)-1)
		log_warn("no such user", "user", c->keeper_user);
}

static int
start(struct server *s, const struct conf *c, struct err *e)
{
	/* Orphans of jobs, VMMs before all, become ours: we learn their end. */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return err_errno(e, "become subreaper");
	if (loop_init(&s->host.loop, &s->host, e) < 0 ||
	    watch_signals(s, e) < 0 || host_start(&s->host, c, e) < 0 ||
	    recover_run(&s->host, e) < 0)
		return -1;
	peer_resolve(c, &s->users);
	warn_of_missing(c, &s->users);
	return start_listening(s, e);
}

int
server_run(const struct conf *c, struct err *e)
{
	struct server s = {.listener.fd = -1, .signals.fd = -1};
	int rc;

	if (start(&s, c, e) < 0)
		return -1;
	assert(s.host.driver);
	log_info("vmctl serves", "socket", c->vmctl_socket, "driver",
		 s.host.driver->name, "accel", s.host.driver->accel(&s.host),
		 "vmm", s.host.vmm_version);
	proc_notify_ready();
	rc = serve(&s, e);
	unlink(c->vmctl_socket);
	loop_close(&s.host.loop, &s.listener);
	loop_close(&s.host.loop, &s.signals);
	host_stop(&s.host);
	while (s.clients)
		client_close(s.clients);
	loop_fini(&s.host.loop);
	log_info("vmctl stopped");
	return rc;
}
