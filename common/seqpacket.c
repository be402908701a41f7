#include "seqpacket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include "auto.h"
#include "err.h"
#include "text.h"

/* Room for so many descriptors; the kernel itself drops what is beyond. */
#define FDS_MAX 4

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
};

static int
address(struct sockaddr_un *a, const char *path, struct err *e)
{
	*a = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (text_copy(a->sun_path, sizeof(a->sun_path), path) < 0)
		return err_set(e, ERR_INTERNAL, "socket path is too long: %s",
			       path);
	return 0;
}

static int
connect_to(int sock, const struct sockaddr_un *a)
{
	return connect(sock, (const struct sockaddr *)a, sizeof(*a));
}

/* Removes a socket that nobody listens on any more. */
static int
remove_stale(const struct sockaddr_un *a, struct err *e)
{
	auto_close int probe = -1;
	struct stat st;

	if (lstat(a->sun_path, &st) < 0)
		return errno == ENOENT ? 0
				       : err_errno(e, "stat %s", a->sun_path);
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, ERR_INTERNAL, "%s is not a socket",
			       a->sun_path);
	probe = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       0);
	if (probe < 0)
		return err_errno(e, "socket");
	if (connect_to(probe, a) == 0 || errno != ECONNREFUSED)
		return err_set(e, ERR_INTERNAL, "%s is in use", a->sun_path);
	if (unlink(a->sun_path) < 0 && errno != ENOENT)
		return err_errno(e, "remove %s", a->sun_path);
	return 0;
}

int
seqpacket_listen(const char *path, int backlog, struct err *e)
{
	auto_close int sock = -1;
	struct sockaddr_un a;

	if (address(&a, path, e) < 0 || remove_stale(&a, e) < 0)
		return -1;
	sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		      0);
	if (sock < 0)
		return err_errno(e, "socket");
	if (bind(sock, (const struct sockaddr *)&a, sizeof(a)) < 0)
		return err_errno(e, "bind %s", path);
	if (listen(sock, backlog) < 0)
		return err_errno(e, "listen on %s", path);
	return steal_fd(&sock);
}

/* On a Unix socket the send timeout bounds connect's wait for the backlog. */
static int
set_timeout(int sock, int ms)
{
	struct timeval t = {ms / 1000, (ms % 1000) * 1000L};

	return setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t));
}

int
seqpacket_connect(const char *path, int timeout_ms, struct err *e)
{
	auto_close int sock = -1;
	struct sockaddr_un a;

	if (address(&a, path, e) < 0)
		return -1;
	sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return err_errno(e, "socket");
	/* 0 would mean for ever. */
	if (set_timeout(sock, timeout_ms > 0 ? timeout_ms : 1) < 0)
		return err_errno(e, "socket timeout");
	if (connect_to(sock, &a) < 0)
		return err_set(e, ERR_VMCTL_UNAVAILABLE, "connect to %s: %s",
			       path, strerror(errno));
	if (set_timeout(sock, 0) < 0)
		return err_errno(e, "socket timeout");
	return steal_fd(&sock);
}

int
seqpacket_send(int sock, const void *p, size_t n, int fd)
{
	union control c = {.bytes = {0}};
	struct iovec iov = {.iov_len = n};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t sent;

	if (n == 0) { /* would read as end of file */
		errno = EINVAL;
		return -1;
	}
	/* sendmsg(2) only reads there, but the type is not const. */
	memcpy(&iov.iov_base, &p, sizeof(p));
	if (fd >= 0) {
		c.align.cmsg_level = SOL_SOCKET;
		c.align.cmsg_type = SCM_RIGHTS;
		c.align.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&c.align), &fd, sizeof(fd));
		m.msg_control = &c;
		m.msg_controllen = CMSG_SPACE(sizeof(int));
	}
	do
		sent = sendmsg(sock, &m, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -1 : 0;
}

/* Keeps the first descriptor when `keep`, closes all others. */
static int
take_fds(struct msghdr *m, bool keep)
{
	int kept = -1;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		size_t n;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			if (keep && kept < 0)
				kept = fd;
			else
				close(fd);
		}
	}
	return kept;
}

ssize_t
seqpacket_recv(int sock, void *p, size_t n, int *out_fd)
{
	union control c;
	struct iovec iov = {.iov_base = p, .iov_len = n};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = &c,
			   .msg_controllen = sizeof(c)};
	bool good;
	ssize_t got;
	int fd;

	do
		got = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -1;
	good = got > 0 && !(m.msg_flags & MSG_TRUNC);
	fd = take_fds(&m, good && out_fd);
	if (m.msg_flags & MSG_TRUNC) {
		errno = EMSGSIZE;
		return -1;
	}
	if (out_fd)
		*out_fd = fd;
	return got;
}
