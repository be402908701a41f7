/*
 * A gateway without database and VMs: its channels lead to a socket pair whose
 * other end the test plays, its rows to a counter, its HTTP socket to
 * `client`. One loop, driven by rig_until.
 */
#pragma once

#include <event2/event.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "buf.h"
#include "channel.h"
#include "err.h"
#include "field.h"
#include "frame.h"
#include "gateway/channels.h"
#include "gateway/exec.h"
#include "gateway/gateway.h"
#include "gateway/grants.h"
#include "gateway/http.h"
#include "gateway/jobs.h"
#include "gateway/route.h"
#include "gateway/scribe.h"
#include "model/grant.h"
#include "text.h"
#include "timeutil.h"

#define RIG_SANDBOX "cage-0123456789abcdef"
#define RIG_EXEC "exec-0123456789abcdef"
#define RIG_WELCOME \
	"{\"version\":1,\"caps\":[],\"boot_id\":\"b\",\"claimed\":false," \
	"\"agent_version\":\"test\"}"

#ifndef RIG_PAUSE_US
#define RIG_PAUSE_US 200 /* between looks */
#endif

struct rig {
	struct gateway gw;
	struct channel *asked; /* the gateway wants a descriptor */
	int guest;	       /* the agent's end; -1: not connected */
	struct frame_reader reader;
	struct sockaddr_un address;
	socklen_t address_len;
	int client;
	int opened, misbehaved;
	struct err *refuse;    /* what vmctl says, when set */
	atomic_int rows, ends; /* written */
	atomic_bool db_away;
};

static int
rig_host_open(void *arg, struct channel *ch, const char *sandbox, struct err *e)
{
	struct rig *r = arg;

	(void)sandbox;
	(void)e;
	r->asked = ch;
	return 0;
}

static void
rig_host_misbehaved(void *arg, const char *sandbox, const char *why)
{
	struct rig *r = arg;

	(void)sandbox;
	(void)why;
	r->misbehaved++;
}

static const struct channel_host rig_host = {
	.open = rig_host_open,
	.misbehaved = rig_host_misbehaved,
};

static struct rig *rig_saving; /* the database thread's context */

static int
rig_save(void *ctx, const struct store_exec_item *items, size_t n,
	 struct err *e)
{
	(void)ctx;
	if (rig_saving->db_away)
		return err_set(e, ERR_DATABASE_UNAVAILABLE, "away");
	for (size_t i = 0; i < n; i++)
		if (items[i].kind == STORE_EXEC_END)
			rig_saving->ends++;
	rig_saving->rows += (int)n;
	return 0;
}

static void
rig_saved(void *arg, const char *exec)
{
	exec_saved(arg, exec);
}

static void
rig_drained(void *arg)
{
	exec_drained(arg);
}

static const struct scribe_hooks rig_hooks = {
	.save = rig_save,
	.saved = rig_saved,
	.drained = rig_drained,
};

static inline void
rig_connect_guest(struct rig *r)
{
	struct channel *ch = r->asked;
	int sv[2];

	r->asked = NULL;
	if (r->refuse) {
		channel_refused(ch, r->refuse);
		return;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) < 0)
		abort();
	if (r->guest >= 0)
		close(r->guest);
	fcntl(sv[1], F_SETFL, O_NONBLOCK);
	r->guest = sv[1];
	r->opened++;
	frame_reader_fini(&r->reader);
	frame_reader_init(&r->reader, FRAME_AGENT, NULL);
	channel_opened(ch, sv[0]);
}

/* Drives the loop once; then answers a wish for a descriptor. */
static inline void
rig_step(struct rig *r)
{
	event_base_loop(r->gw.base, EVLOOP_NONBLOCK);
	if (r->asked)
		rig_connect_guest(r);
}

/* True once cond(r) holds, false after `ms`. */
static inline bool
rig_until(struct rig *r, bool (*cond)(struct rig *r), int ms)
{
	int64_t end = time_mono_ms() + ms;

	while (!cond(r)) {
		if (time_mono_ms() > end)
			return false;
		rig_step(r);
		usleep(RIG_PAUSE_US);
	}
	return true;
}

static inline bool
rig_never(struct rig *r)
{
	(void)r;
	return false;
}

static inline bool
rig_has_guest(struct rig *r)
{
	return r->guest >= 0;
}

static inline void
rig_settle(struct rig *r, int ms)
{
	rig_until(r, rig_never, ms);
}

static inline int
rig_listen(struct rig *r)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	r->address = (struct sockaddr_un){.sun_family = AF_UNIX};
	r->address_len = sizeof(r->address);
	/* An address of the family alone gets a free abstract name. */
	if (fd < 0 ||
	    bind(fd, (struct sockaddr *)&r->address, sizeof(sa_family_t)) < 0 ||
	    listen(fd, 16) < 0 ||
	    getsockname(fd, (struct sockaddr *)&r->address, &r->address_len) <
		    0)
		abort();
	return fd;
}

static inline int
rig_dial(struct rig *r)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 ||
	    connect(fd, (struct sockaddr *)&r->address, r->address_len) < 0)
		abort();
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static inline struct rig *
rig_new(void)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct err e;

	if (!r)
		abort();
	rig_saving = r;
	r->guest = -1;
	frame_reader_init(&r->reader, FRAME_AGENT, NULL);
	text_copy(r->gw.host, sizeof(r->gw.host), "testhost");
	memset(r->gw.grant_key, 7, sizeof(r->gw.grant_key));
	r->gw.base = event_base_new();
	r->gw.db = jobs_new(r->gw.base, "db", 16, NULL, &e);
	r->gw.used = grants_new(1024);
	r->gw.channels = channels_new(r->gw.base, &rig_host, r);
	r->gw.scribe = scribe_new(r->gw.base, r->gw.db, &rig_hooks, &r->gw);
	r->gw.http =
		http_new(r->gw.base, rig_listen(r), route_head, &r->gw, &e);
	if (!r->gw.http)
		abort();
	r->client = rig_dial(r);
	return r;
}

static inline void
rig_free(struct rig *r)
{
	close(r->client);
	if (r->guest >= 0)
		close(r->guest);
	frame_reader_fini(&r->reader);
	http_free(r->gw.http);
	jobs_stop(r->gw.db);
	exec_free_all(&r->gw);
	if (r->asked) /* a channel that is being opened must hear of its end */
		rig_connect_guest(r);
	channels_free(r->gw.channels);
	scribe_free(r->gw.scribe);
	grants_free(r->gw.used);
	jobs_free(r->gw.db);
	event_base_free(r->gw.base);
	free(r);
}

static inline void
rig_grant(const struct rig *r, enum grant_op op, const char *method,
	  const char *path, char out[GRANT_TEXT_MAX])
{
	struct grant g = {.op = op, .boot = 1};
	struct err e;

	text_copy(g.host, sizeof(g.host), r->gw.host);
	text_copy(g.sandbox, sizeof(g.sandbox), RIG_SANDBOX);
	text_copy(g.exec, sizeof(g.exec),
		  op == GRANT_OP_exec || op == GRANT_OP_exec_get ? RIG_EXEC
								 : "");
	text_copy(g.account, sizeof(g.account), "acct-0123456789abcdef");
	text_copy(g.method, sizeof(g.method), method);
	text_copy(g.path, sizeof(g.path), path);
	if (grant_sign(&g, r->gw.grant_key, out, &e) < 0)
		abort();
}

/* Sends a request with a fresh grant; `tail` follows the sandbox's path and
 * may end in a query. `body` NULL: none. */
static inline void
rig_ask(struct rig *r, int fd, enum grant_op op, const char *method,
	const char *tail, const char *headers, const char *body)
{
	char token[GRANT_TEXT_MAX], path[512];
	size_t n = strcspn(tail, "?");
	size_t length = body ? strlen(body) : 0;

	snprintf(path, sizeof(path), "/v1/sandboxes/%s%.*s", RIG_SANDBOX,
		 (int)n, tail);
	rig_grant(r, op, method, path, token);
	dprintf(fd,
		"%s %s%s HTTP/1.1\r\nHost: caged\r\nX-Caged-Grant: %s\r\n"
		"X-Request-Id: request-0001\r\n%sContent-Length: %zu\r\n\r\n%s",
		method, path, tail + n, token, headers, length,
		body ? body : "");
}

static inline void
rig_guest_write(struct rig *r, const void *p, size_t n)
{
	const char *at = p;
	ssize_t w;

	while (n && r->guest >= 0) {
		w = send(r->guest, at, n, MSG_NOSIGNAL);
		if (w < 0 && errno != EAGAIN)
			return; /* the gateway hung up */
		at += w > 0 ? w : 0;
		n -= w > 0 ? (size_t)w : 0;
		rig_step(r);
	}
}

static inline void
rig_guest_send(struct rig *r, uint32_t stream, enum frame_type type,
	       uint8_t flags, const void *p, size_t n)
{
	struct buf b;

	buf_init(&b, FRAME_HEADER + FRAME_PAYLOAD_MAX);
	if (frame_add(&b, stream, type, flags, p, n) < 0)
		abort();
	rig_guest_write(r, b.data, b.len);
	buf_fini(&b);
}

static inline void
rig_guest_say(struct rig *r, uint32_t stream, enum frame_type type,
	      const char *json)
{
	rig_guest_send(r, stream, type, 0, json, strlen(json));
}

/* The next frame that the gateway sent, within `ms`. */
static inline bool
rig_guest_next(struct rig *r, struct frame *f, int ms)
{
	int64_t end = time_mono_ms() + ms;
	size_t room;
	uint8_t *p;
	ssize_t n;

	while (frame_reader_next(&r->reader, f, NULL) <= 0) {
		if (time_mono_ms() > end)
			return false;
		rig_step(r);
		p = frame_reader_space(&r->reader, &room);
		n = r->guest >= 0 ? read(r->guest, p, room) : -1;
		if (n > 0)
			frame_reader_filled(&r->reader, (size_t)n);
		else if (n == 0)
			return false;
		else
			usleep(RIG_PAUSE_US);
	}
	return true;
}

static inline void
rig_guest_welcome(struct rig *r, const uint8_t nonce[FRAME_NONCE])
{
	struct buf b;

	buf_init(&b, 1024);
	if (frame_add_hello(&b, FRAME_WELCOME, nonce, RIG_WELCOME) < 0)
		abort();
	rig_guest_write(r, b.data, b.len);
	buf_fini(&b);
}

/* Waits for HELLO and answers it. */
static inline bool
rig_guest_greet(struct rig *r)
{
	struct frame f;

	if (!rig_until(r, rig_has_guest, 2000) ||
	    !rig_guest_next(r, &f, 2000) || f.type != FRAME_HELLO)
		return false;
	rig_guest_welcome(r, r->reader.nonce);
	return true;
}

/* The guest's next frame must be OPEN: its stream's id. 0: it is not. */
static inline uint32_t
rig_guest_open(struct rig *r)
{
	struct frame f;

	return rig_guest_next(r, &f, 2000) && f.type == FRAME_OPEN ? f.stream
								   : 0;
}

/* Reads one whole answer (it needs a Content-Length unless it has no body) and
 * returns its status; `out` gets head and body. */
static inline int
rig_answer(struct rig *r, int fd, struct buf *out, int ms)
{
	int64_t end = time_mono_ms() + ms;
	const char *head_end, *length;
	char chunk[4096];
	size_t want;
	ssize_t n;

	buf_init(out, (size_t)64 << 20);
	while (time_mono_ms() < end) {
		rig_step(r);
		n = read(fd, chunk, sizeof(chunk));
		if (n > 0)
			buf_add(out, chunk, (size_t)n);
		head_end = strstr(buf_str(out), "\r\n\r\n");
		if (head_end) {
			length = strstr(buf_str(out), "Content-Length: ");
			want = (size_t)(head_end + 4 - buf_str(out)) +
			       (length ? strtoul(length + 16, NULL, 10) : 0);
			if (out->len >= want)
				return atoi(buf_str(out) + 9);
		}
		if (n == 0)
			return -1;
		if (n < 0)
			usleep(RIG_PAUSE_US);
	}
	return 0;
}
