/*
 * The virtio-serial port: frames in, frames out.
 *
 * The port outlives its connections. While no host is attached read() gives 0
 * and poll() EPOLLHUP for ever, so a closed port is watched edge-triggered: the
 * kernel wakes us when a host attaches, and nothing spins until then.
 *
 * The kernel learns of a connection's end and of the next one's begin by a way
 * of its own, slower than the data: a HELLO may be read while the port still
 * counts as closed, or before its predecessor's end is seen. So a port that
 * seems closed soon after a HELLO has LINK_GRACE_MS to open again.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "frame.h"
#include "loop.h"

#define LINK_GRACE_MS 100

struct link;

struct link_ops {
	/* A well-formed frame. */
	void (*frame)(struct link *k, const struct frame *f);
	/* The connection is over, or its frames were: every stream is void. */
	void (*lost)(struct link *k);
	/* There is room for DATA again. */
	void (*room)(struct link *k);
};

struct link {
	struct loop *loop;
	struct loop_io io;
	const struct link_ops *ops;
	struct frame_reader reader;
	struct buf out;
	size_t out_sent; /* bytes of `out` already written */
	bool attached;	 /* data came, or the port is open */
	bool open;	 /* what the last read without data said */
	bool greeted;	 /* a HELLO came */
	bool was_closed; /* at that HELLO or since */
	/* The port was seen to open for this HELLO: when it is closed again,
	 * the connection is over. */
	bool settled;
	struct loop_timer grace;
	bool overrun; /* a frame found no room */
	bool starved; /* someone was told that there is none: room() follows */
};

/* Takes `fd`, non-blocking. */
void link_init(struct link *k, struct loop *l, int fd,
	       const struct link_ops *ops);
void link_fini(struct link *k);

/* Bytes of DATA that may be queued now, so that no stream starves another. */
size_t link_room(struct link *k);
/* Whether a frame of any other kind may be queued: true for what answers a
 * frame that was just read; others ask first. */
bool link_has_space(struct link *k);

/* Queues a frame and writes what the port takes. */
void link_send(struct link *k, uint32_t stream, enum frame_type type,
	       uint8_t flags, const void *payload, size_t len);
void link_send_credit(struct link *k, uint32_t stream, uint32_t bytes);
/* Drops what is queued and answers the HELLO just read. */
void link_welcome(struct link *k, const char *json);
