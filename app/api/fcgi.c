/*
 * libfcgi's own accept loop loses requests when a signal ends it, and idle kept
 * connections pin workers. So: SIGTERM is blocked except in epoll_pwait(), which is
 * where a worker waits with nothing accepted; each connection carries one
 * request and has deadlines; libfcgi only parses and writes.
 */
#include "fcgi.h"

#include <errno.h>
#include <fcgiapp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "auto.h"
#include "err.h"
#include "model/req.h"
#include "request.h"
#include "response.h"

#define DEADLINE_S 10 /* of each read and write of a connection */

static const char *
param(void *arg, const char *name)
{
	FCGX_Request *r = arg;

	return FCGX_GetParam(name, r->envp);
}

static int
read_body(void *arg, struct buf *out)
{
	FCGX_Request *r = arg;
	char part[16384];
	int n;

	while ((n = FCGX_GetStr(part, sizeof(part), r->in)) > 0)
		if (buf_add(out, part, (size_t)n))
			return -1;
	return FCGX_GetError(r->in) ? -1 : 0;
}

/* The web server sends all of a body before it reads the answer: take what the
 * handler left, or its write fails and the answer is lost. */
static void
drain(FCGX_Request *r)
{
	char part[16384];
	int left = REQ_BODY_MAX;

	while (left > 0) {
		int n = FCGX_GetStr(part, sizeof(part), r->in);

		if (n <= 0)
			return;
		left -= n;
	}
}

static void
put(FCGX_Request *r, const void *p, size_t n)
{
	if (n > 0)
		FCGX_PutStr(p, (int)n, r->out);
}

static const char *
reason_phrase(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 201:
		return "Created";
	case 204:
		return "No Content";
	default:
		return err_title(status);
	}
}

static void
send_response(FCGX_Request *r, const struct response *resp)
{
	FCGX_FPrintF(r->out, "Status: %d %s\r\n", resp->status,
		     reason_phrase(resp->status));
	put(r, resp->headers.data, resp->headers.len);
	if (resp->body.len > 0)
		FCGX_FPrintF(r->out, "Content-Length: %d\r\n",
			     (int)resp->body.len);
	put(r, "\r\n", 2);
	put(r, resp->body.data, resp->body.len);
}

static void
serve_one(const struct fcgi_server *s, FCGX_Request *r)
{
	const struct request_source source = {param, read_body, r};
	struct response resp;

	response_init(&resp);
	s->handle(s->arg, &source, &resp);
	drain(r);
	send_response(r, &resp);
	response_fini(&resp);
}

/* Exclusive: a connection wakes one idle worker, not all of them. */
static int
watch(int listen_fd, struct err *e)
{
	struct epoll_event ev = {.events = EPOLLIN | EPOLLEXCLUSIVE};
	auto_close int fd = epoll_create1(EPOLL_CLOEXEC);

	if (fd < 0 || epoll_ctl(fd, EPOLL_CTL_ADD, listen_fd, &ev) < 0)
		return err_errno(e, "watch the listening socket");
	return steal_fd(&fd);
}

/* A connection, or -1: another worker took it, or it is time to look around. */
static int
wait_connection(const struct fcgi_server *s, int epoll_fd)
{
	const struct timeval deadline = {.tv_sec = DEADLINE_S};
	struct epoll_event ev;
	int fd;

	if (epoll_pwait(epoll_fd, &ev, 1, -1, &s->idle_mask) <= 0)
		return -1;
	fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof(deadline));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof(deadline));
	return fd;
}

/* Gives libfcgi the connection; it reads the parameters. It closes `fd` when
 * they are malformed. */
static bool
begin(FCGX_Request *r, int fd)
{
	r->ipcFd = fd;
	/* Or the finish of the request before, which it starts with, would
	 * close this connection. */
	r->keepConnection = 1;
	r->in = NULL;
	if (FCGX_Accept_r(r) == 0)
		return true;
	r->ipcFd = -1;
	return false;
}

int
fcgi_serve(const struct fcgi_server *s, struct err *e)
{
	auto_close int epoll_fd = watch(s->listen_fd, e);
	FCGX_Request r;

	if (epoll_fd < 0)
		return -1;
	if (FCGX_Init() || FCGX_InitRequest(&r, -1, FCGI_FAIL_ACCEPT_ON_INTR))
		return err_set(e, ERR_INTERNAL, "FastCGI: cannot begin");
	while (!*s->stop) {
		int fd = wait_connection(s, epoll_fd);

		if (fd < 0 || !begin(&r, fd))
			continue;
		serve_one(s, &r);
		r.keepConnection = 0;
		FCGX_Finish_r(&r);
	}
	FCGX_Free(&r, 1);
	return 0;
}
