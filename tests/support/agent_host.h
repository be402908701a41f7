/* An agent in this process, on one end of a socket pair; the test is its
 * gateway on the other. No control groups, no init. */
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmocka_all.h"

#include "../../agent/agent.h"
#include "../../agent/dispatch.h"
#include "../../agent/reap.h"
#include "err.h"

#define AGENT_HOST_WAIT_MS 10000

struct agent_host {
	struct agent agent;
	struct reaper reaper;
	struct frame_reader reader;
	int fd; /* the gateway's end */
	uint32_t last_stream;
};

static inline void
agent_host_send(struct agent_host *h, const struct buf *b)
{
	size_t at = 0;
	struct err e;

	while (at < b->len) {
		ssize_t n = send(h->fd, b->data + at, b->len - at,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n > 0)
			at += (size_t)n;
		else
			assert_int_equal(loop_turn(&h->agent.loop, 10, &e), 0);
	}
}

/* The next frame; fails the test when none comes. */
static inline struct frame
agent_host_frame(struct agent_host *h)
{
	struct frame f = {0};
	struct err e;

	for (int i = 0; i < AGENT_HOST_WAIT_MS / 10; i++) {
		size_t room;
		uint8_t *p;
		ssize_t n;

		if (frame_reader_next(&h->reader, &f, NULL))
			return f;
		assert_int_equal(loop_turn(&h->agent.loop, 10, &e), 0);
		p = frame_reader_space(&h->reader, &room);
		n = recv(h->fd, p, room, MSG_DONTWAIT);
		if (n > 0)
			frame_reader_filled(&h->reader, (size_t)n);
	}
	fail_msg("no frame came");
	return f;
}

static inline void
agent_host_hello(struct agent_host *h)
{
	static const uint8_t nonce[FRAME_NONCE] = "0123456789abcde";
	struct buf b;
	struct frame f;

	buf_init(&b, 1024);
	frame_add_hello(&b, FRAME_HELLO, nonce, "{\"version\":1}");
	frame_reader_fini(&h->reader);
	frame_reader_init(&h->reader, FRAME_GATEWAY, nonce);
	agent_host_send(h, &b);
	buf_fini(&b);
	f = agent_host_frame(h);
	assert_int_equal(f.type, FRAME_WELCOME);
	h->last_stream = 0;
}

static inline void
agent_host_init(struct agent_host *h)
{
	int pair[2];
	struct err e;

	memset(h, 0, sizeof(*h));
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(fcntl(pair[0], F_SETFL, O_NONBLOCK), 0);
	guard_plan(&h->agent.guard, INT64_C(512) << 20);
	assert_int_equal(claim_init(&h->agent.claim, &e), 0);
	h->agent.claim.done = true;
	assert_int_equal(loop_init(&h->agent.loop, &e), 0);
	assert_int_equal(reaper_init(&h->reaper, &h->agent, &e), 0);
	exec_table_init(&h->agent.execs, &h->agent.loop, &h->agent.guard,
			&h->agent.claim);
	plan_init(&h->agent.plan, &h->agent.execs);
	worker_table_init(&h->agent.workers, &h->agent.loop, &h->agent.guard);
	stream_table_init(&h->agent.streams, &h->agent.link);
	link_init(&h->agent.link, &h->agent.loop, pair[0], &dispatch_link_ops);
	h->fd = pair[1];
	agent_host_hello(h);
}

static inline void
agent_host_fini(struct agent_host *h)
{
	stream_table_reset(&h->agent.streams);
	plan_fini(&h->agent.plan);
	exec_table_fini(&h->agent.execs);
	worker_table_fini(&h->agent.workers);
	link_fini(&h->agent.link);
	loop_close(&h->agent.loop, &h->reaper.io);
	claim_fini(&h->agent.claim);
	loop_fini(&h->agent.loop);
	frame_reader_fini(&h->reader);
	close(h->fd);
}

static inline void
agent_host_data(struct agent_host *h, uint32_t stream, uint8_t flags,
		const void *p, size_t n)
{
	struct buf b;

	buf_init(&b, FRAME_HEADER + FRAME_PAYLOAD_MAX);
	assert_int_equal(frame_add(&b, stream, FRAME_DATA, flags, p, n), 0);
	agent_host_send(h, &b);
	buf_fini(&b);
}

/* Opens the next stream with a JSON text. */
static inline uint32_t
agent_host_open(struct agent_host *h, const char *json)
{
	uint32_t id = ++h->last_stream;
	struct buf b;

	buf_init(&b, FRAME_HEADER + FRAME_PAYLOAD_MAX);
	assert_int_equal(frame_add(&b, id, FRAME_OPEN, 0, json, strlen(json)),
			 0);
	agent_host_send(h, &b);
	buf_fini(&b);
	return id;
}

/* Collects DATA until the stream closes: the type of its last frame, whose
 * payload is in `last`. */
static inline enum frame_type
agent_host_finish(struct agent_host *h, uint32_t stream, struct buf *data,
		  struct buf *last)
{
	for (;;) {
		struct frame f = agent_host_frame(h);

		assert_int_equal(f.stream, stream);
		if (f.type == FRAME_DATA) {
			struct buf credit;

			buf_add(data, f.payload, f.len);
			if (f.len == 0)
				continue;
			buf_init(&credit, 64);
			frame_add_credit(&credit, stream, f.len);
			agent_host_send(h, &credit);
			buf_fini(&credit);
		} else if (f.type != FRAME_REPLY && f.type != FRAME_CREDIT) {
			buf_reset(last);
			buf_add(last, f.payload, f.len);
			return (enum frame_type)f.type;
		}
	}
}

/* One operation without input of its own. */
static inline enum frame_type
agent_host_call(struct agent_host *h, const char *json, struct buf *data,
		struct buf *last)
{
	return agent_host_finish(h, agent_host_open(h, json), data, last);
}
