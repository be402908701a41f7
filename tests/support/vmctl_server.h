/*
 * A vmctl that says what a test tells it: a thread that takes connections one
 * after the other and answers the i-th request as the i-th step says.
 */
#pragma once

#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "auto.h"
#include "cmocka_all.h"
#include "err.h"
#include "seqpacket.h"
#include "temp_dir.h"
#include "vmctl_proto.h"

struct vmctl_step {
	const char *reply; /* with one %jd for the id; NULL: none */
	int id_offset;	   /* added to the request's id */
	int delay_ms;	   /* before the reply */
	bool give_fd;	   /* the reply carries a descriptor */
	bool close;	   /* the connection, after the reply */
};

struct vmctl_server {
	struct temp_dir dir;
	char path[TEMP_PATH_MAX];
	int listener;
	pthread_t thread;
	const struct vmctl_step *steps;
	size_t count;
	atomic_size_t done; /* steps */
	atomic_int connections;
	char last[VMCTL_PACKET_MAX + 1]; /* request; read it after a call */
};

static inline void
vmctl_server_reply(const struct vmctl_step *step, int conn, intmax_t id)
{
	static char text[2 * VMCTL_PACKET_MAX];
	int fd = step->give_fd ? dup(conn) : -1;
	int n;

	usleep((useconds_t)step->delay_ms * 1000);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	n = snprintf(text, sizeof(text), step->reply, id + step->id_offset);
#pragma GCC diagnostic pop
	seqpacket_send(conn, text, (size_t)n, fd);
	auto_close_fn(&fd);
}

/* Until the client, or a step, ends the connection. */
static inline void
vmctl_server_talk(struct vmctl_server *s, int conn)
{
	while (s->done < s->count) {
		const struct vmctl_step *step = &s->steps[s->done];
		ssize_t n =
			seqpacket_recv(conn, s->last, VMCTL_PACKET_MAX, NULL);
		json_t *request;

		if (n <= 0)
			return;
		s->last[n] = '\0';
		request = json_loads(s->last, 0, NULL);
		s->done++;
		if (step->reply)
			vmctl_server_reply(step, conn,
					   json_integer_value(json_object_get(
						   request, "id")));
		json_decref(request);
		if (step->close)
			return;
	}
	/* Stays open: what comes now is more than the test foresaw. */
	while (seqpacket_recv(conn, s->last, VMCTL_PACKET_MAX, NULL) > 0)
		s->done++;
}

static inline void *
vmctl_server_main(void *arg)
{
	struct vmctl_server *s = arg;

	for (;;) {
		struct pollfd p = {.fd = s->listener, .events = POLLIN};
		auto_close int conn = -1;

		poll(&p, 1, -1);
		conn = accept(s->listener, NULL, NULL);
		if (conn < 0)
			return NULL;
		s->connections++;
		vmctl_server_talk(s, conn);
	}
}

static inline void
vmctl_server_init(struct vmctl_server *s, const struct vmctl_step *steps,
		  size_t count)
{
	struct err e = {0};

	memset(s, 0, sizeof(*s));
	s->steps = steps;
	s->count = count;
	temp_dir_init(&s->dir);
	temp_dir_file(&s->dir, "vmctl.sock", s->path);
	s->listener = seqpacket_listen(s->path, 8, &e);
	assert_true(s->listener >= 0);
	assert_int_equal(pthread_create(&s->thread, NULL, vmctl_server_main, s),
			 0);
}

/* The client must be gone before. */
static inline void
vmctl_server_fini(struct vmctl_server *s)
{
	shutdown(s->listener, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->listener);
	temp_dir_fini(&s->dir);
}
