#include "worker_io.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent.h"
#include "auto.h"
#include "cgroup.h"
#include "child.h"
#include "err.h"
#include "user.h"

static int
gone(struct err *e)
{
	return err_set(e, ERR_INTERNAL, "the stream is gone");
}

static int
send_packet(struct worker_io *io, enum frame_type type, uint8_t flags,
	    const void *p, size_t n, struct err *e)
{
	ssize_t put;

	assert(n <= FRAME_PAYLOAD_MAX);
	io->packet[0] = (uint8_t)type;
	io->packet[1] = flags;
	if (n)
		memcpy(io->packet + WORKER_HEADER, p, n);
	do
		put = send(io->fd, io->packet, WORKER_HEADER + n, MSG_NOSIGNAL);
	while (put < 0 && errno == EINTR);
	return put < 0 ? gone(e) : 0;
}

static int
send_record(struct worker_io *io, enum frame_type type, json_t *record,
	    struct err *e)
{
	auto_free char *text = record ? json_text(record) : NULL;
	const char *json = text ? text : "{}";

	if (strlen(json) > FRAME_PAYLOAD_MAX)
		return err_set(e, ERR_INTERNAL, "the result is too large");
	return send_packet(io, type, 0, json, strlen(json), e);
}

int
worker_reply(struct worker_io *io, json_t *record, struct err *e)
{
	return send_record(io, FRAME_REPLY, record, e);
}

int
worker_data(struct worker_io *io, uint8_t flags, const void *p, size_t n,
	    struct err *e)
{
	const uint8_t *at = p;

	while (n > WORKER_DATA_MAX) {
		if (send_packet(io, FRAME_DATA, flags & (uint8_t)~DATA_EOF, at,
				WORKER_DATA_MAX, e) < 0)
			return -1;
		at += WORKER_DATA_MAX;
		n -= WORKER_DATA_MAX;
	}
	return send_packet(io, FRAME_DATA, flags, at, n, e);
}

/* The agent shuts its side down after the last byte, but closes it when the
 * stream is gone: only the latter hangs up. */
static bool
hung_up(const struct worker_io *io)
{
	struct pollfd p = {.fd = io->fd, .events = POLLIN};

	return poll(&p, 1, 0) != 1 || (p.revents & (POLLHUP | POLLERR)) != 0;
}

ssize_t
worker_recv(struct worker_io *io, void *p, size_t size, struct err *e)
{
	ssize_t n;

	do
		n = recv(io->fd, p, size, 0);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		return n;
	return n < 0 || hung_up(io) ? gone(e) : 0;
}

/* Order: the control group and the limits need root, which goes last. */
static int
drop(int fd, int group_fd, struct err *e)
{
	struct user u;

	child_reset();
	if (group_fd >= 0) {
		if (cgroup_enter(group_fd) < 0)
			return err_errno(e, "enter the worker's cgroup");
		if (child_unguard(e) < 0)
			return -1;
	}
	if (dup2(fd, STDERR_FILENO + 1) < 0)
		return err_errno(e, "dup2");
	close_range(STDERR_FILENO + 2, ~0U, 0);
	user_default(&u);
	if (getuid() == 0 && user_become(&u, e) < 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_errno(e, "no_new_privs");
	return chdir("/") < 0 ? err_errno(e, "chdir /") : 0;
}

static void
send_error(struct worker_io *io, const struct err *why)
{
	struct stream_error rec = {0};
	auto_json json_t *j = NULL;
	struct err e;

	FIELD_SET(rec, code, err_name(why->code));
	FIELD_SET(rec, message, why->msg);
	j = field_write(&stream_error_fields, &rec);
	send_record(io, FRAME_ERROR, j, &e);
}

void
worker_io_run(int fd, int group_fd, worker_job *job, const void *record)
{
	static struct worker_io io;
	json_t *end = NULL;
	struct err e = {0};
	int rc;

	io.fd = fd;
	rc = fcntl(fd, F_SETFL, 0) < 0 ? err_errno(&e, "fcntl")
				       : drop(fd, group_fd, &e);
	if (rc == 0) {
		io.fd = STDERR_FILENO + 1;
		rc = job(&io, record, &end, &e);
	}
	if (rc == 0)
		rc = send_record(&io, FRAME_END, end, &e);
	if (rc < 0)
		send_error(&io, &e);
	_exit(rc < 0);
}
