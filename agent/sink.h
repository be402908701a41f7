/*
 * Bytes from a stream into a pipe or socket that may be slow: held here, at
 * most a window of them, until the other side takes them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "loop.h"

struct sink {
	struct loop *loop;
	struct loop_io io; /* fd -1 once it is closed */
	struct buf held;
	bool eof;
	/* n bytes were written, or thrown away when nobody reads any more. */
	void (*took)(struct sink *s, size_t n);
};

/* Takes `fd`, non-blocking; -1 throws everything away. A packet socket gets
 * packets of at most SINK_PACKET bytes. */
#define SINK_PACKET 61440
void sink_init(struct sink *s, struct loop *l, int fd,
	       void (*took)(struct sink *s, size_t n));
void sink_fini(struct sink *s);

void sink_put(struct sink *s, const uint8_t *p, size_t n);
/* After what is held: the reader sees the end. */
void sink_eof(struct sink *s);
