/* Feeds bytes to a frame_reader and writes down, as text, what comes out. */
#pragma once

#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "cmocka_all.h"
#include "frame.h"
#include "text.h"

#define FEED_LOG_MAX (8 << 20)

struct feed {
	struct frame_reader reader;
	struct buf log; /* a line a frame: "DATA 5 2 616263", or "lost" */
	size_t frames;
	uint64_t bytes; /* of frames given out, with their headers */
	uint64_t fed;
};

static const uint8_t feed_nonce[FRAME_NONCE] = "0123456789abcdef";

static inline void
feed_init(struct feed *f, enum frame_side side)
{
	*f = (struct feed){.frames = 0};
	frame_reader_init(&f->reader, side,
			  side == FRAME_GATEWAY ? feed_nonce : NULL);
	buf_init(&f->log, FEED_LOG_MAX);
}

static inline void
feed_fini(struct feed *f)
{
	frame_reader_fini(&f->reader);
	buf_fini(&f->log);
}

#define auto_feed __attribute__((cleanup(feed_fini)))

static inline void
feed_log(struct feed *f, const struct frame *fr)
{
	bool hello = fr->stream == 0;

	f->frames++;
	f->bytes += FRAME_HEADER + fr->len + (hello ? 8 + FRAME_NONCE : 0);
	buf_addf(&f->log, "%s %u %u %u ", frame_type_name(fr->type), fr->stream,
		 fr->flags, fr->len);
	text_add_base64(&f->log, fr->payload, fr->len);
	buf_addstr(&f->log, "\n");
	assert_false(f->log.full);
}

static inline void
feed_drain(struct feed *f)
{
	for (;;) {
		struct frame fr;
		bool lost = false;
		int got = frame_reader_next(&f->reader, &fr, &lost);

		if (lost)
			buf_addstr(&f->log, "lost\n");
		if (!got)
			break;
		feed_log(f, &fr);
	}
	/* Every byte was given out, dropped, or is waiting. */
	assert_int_equal(f->fed, f->bytes + f->reader.dropped +
					 (f->reader.in.len - f->reader.taken));
}

/* In reads of at most `step` bytes; 0: as many as there is room for. */
static inline void
feed_bytes(struct feed *f, const void *p, size_t n, size_t step)
{
	const uint8_t *s = p;

	while (n > 0) {
		size_t room = 0;
		uint8_t *to = frame_reader_space(&f->reader, &room);

		assert_non_null(to);
		assert_true(room > 0);
		if (room > n)
			room = n;
		if (step && room > step)
			room = step;
		memcpy(to, s, room);
		frame_reader_filled(&f->reader, room);
		f->fed += room;
		s += room;
		n -= room;
		feed_drain(f);
	}
}

/* The start of a connection, as the side that `f` reads from sends it. */
static inline void
feed_hello(struct feed *f)
{
	bool agent = f->reader.side == FRAME_AGENT;
	auto_buf struct buf b = {0};

	buf_init(&b, 4096);
	frame_add_hello(&b, agent ? FRAME_HELLO : FRAME_WELCOME, feed_nonce,
			"{}");
	feed_bytes(f, b.data, b.len, 0);
	assert_false(f->reader.hunting);
	buf_reset(&f->log);
}
