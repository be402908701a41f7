/* The worker's side of its socket. Packets are {u8 frame type, u8 flags,
 * bytes}. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "frame.h"
#include "worker.h"

struct err;

#define WORKER_HEADER 2
#define WORKER_DATA_MAX 61440
#define WORKER_PACKET_MAX (WORKER_HEADER + FRAME_PAYLOAD_MAX)

struct worker_io {
	int fd;
	uint8_t packet[WORKER_PACKET_MAX];
};

/* In the forked child: becomes the sandbox's user, runs the job, exits. */
void worker_io_run(int fd, int group_fd, worker_job *job, const void *record)
	__attribute__((noreturn));

/* These wait until the agent takes them; -1 when the stream is gone. */
int worker_reply(struct worker_io *io, json_t *record, struct err *e);
/* Any n; sends several packets when needed. `flags` go with the last. */
int worker_data(struct worker_io *io, uint8_t flags, const void *p, size_t n,
		struct err *e);
/* The next bytes of input: their number, 0 at DATA_EOF, -1 when the stream is
 * gone. `size` must be SINK_PACKET or more. */
ssize_t worker_recv(struct worker_io *io, void *p, size_t size, struct err *e);
