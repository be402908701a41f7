/*
 * The bytes in `in` before `taken` are done with; they are moved away only when
 * room is asked for, so the cost is linear however small frames and reads are.
 *
 * While hunting, the front is dropped until a header with the magic after it
 * stands there. Such a candidate is refused as soon as the magic comes again in
 * its payload, so a HELLO that was cut never swallows the one that follows it.
 */
#include "frame.h"

#include <assert.h>
#include <string.h>

#include "frame_row.h"
#include "text.h"

#define CHUNK 65536 /* most bytes of one read */

enum look { LOOK_MORE, LOOK_BAD, LOOK_WHOLE };

void
frame_reader_init(struct frame_reader *r, enum frame_side side,
		  const uint8_t *nonce)
{
	*r = (struct frame_reader){.side = side, .hunting = true};
	if (nonce)
		memcpy(r->nonce, nonce, FRAME_NONCE);
	buf_init(&r->in, FRAME_HEADER + FRAME_PAYLOAD_MAX + CHUNK);
}

void
frame_reader_fini(struct frame_reader *r)
{
	buf_fini(&r->in);
}

void
frame_reader_hunt(struct frame_reader *r)
{
	r->hunting = true;
	r->seen = 0;
}

uint8_t *
frame_reader_space(struct frame_reader *r, size_t *out_len)
{
	size_t room;
	uint8_t *p;

	buf_consume(&r->in, r->taken);
	r->taken = 0;
	room = r->in.cap - r->in.len;
	assert(room > 0);
	if (room > CHUNK)
		room = CHUNK;
	p = buf_reserve(&r->in, room);
	if (p)
		*out_len = room;
	return p;
}

void
frame_reader_filled(struct frame_reader *r, size_t n)
{
	assert(n <= r->in.cap - r->in.len);
	r->in.len += n;
	r->in.data[r->in.len] = '\0';
}

static size_t
have(const struct frame_reader *r)
{
	return r->in.len - r->taken;
}

static const uint8_t *
front(const struct frame_reader *r)
{
	return r->in.data + r->taken;
}

static void
drop(struct frame_reader *r, size_t n)
{
	r->taken += n;
	r->dropped += n;
	r->seen = 0;
}

static bool
length_ok(const struct frame_row *row, const struct frame *f)
{
	if (row->control)
		return f->len >= FRAME_HELLO_HEAD;
	if (f->type == FRAME_CREDIT)
		return f->len == FRAME_CREDIT_SIZE;
	return f->type != FRAME_RESET || f->len == 0;
}

/* Reads the header at the front; false when no such frame may come. */
static bool
read_header(const struct frame_reader *r, struct frame *f)
{
	const uint8_t *p = front(r);
	enum frame_side sender =
		r->side == FRAME_AGENT ? FRAME_GATEWAY : FRAME_AGENT;
	const struct frame_row *row = frame_row(p[8]);

	*f = (struct frame){
		.len = frame_get32(p),
		.stream = frame_get32(p + 4),
		.type = p[8],
		.flags = p[9],
		.payload = p + FRAME_HEADER,
	};
	return row && row->from[sender] && p[10] == 0 && p[11] == 0 &&
	       f->len <= FRAME_PAYLOAD_MAX &&
	       row->control == (f->stream == 0) &&
	       (f->flags == 0 || f->type == FRAME_DATA) && length_ok(row, f);
}

/* What is there of the payload of a HELLO or WELCOME: can it still be one? */
static bool
hello_ok(struct frame_reader *r, const struct frame *f)
{
	size_t got = have(r) - FRAME_HEADER;
	size_t from = FRAME_MAGIC_SIZE;

	if (got > f->len)
		got = f->len;
	if (got < FRAME_HELLO_HEAD)
		return true;
	if (memcmp(f->payload, frame_magic, FRAME_MAGIC_SIZE) != 0)
		return false;
	if (r->side == FRAME_GATEWAY &&
	    memcmp(f->payload + FRAME_MAGIC_SIZE, r->nonce, FRAME_NONCE) != 0)
		return false;
	if (r->seen > from + FRAME_MAGIC_SIZE)
		from = r->seen - FRAME_MAGIC_SIZE;
	if (memmem(f->payload + from, got - from, frame_magic,
		   FRAME_MAGIC_SIZE))
		return false;
	r->seen = got;
	return got < f->len || text_is_utf8(f->payload + FRAME_HELLO_HEAD,
					    f->len - FRAME_HELLO_HEAD);
}

static enum look
look(struct frame_reader *r, struct frame *f)
{
	if (have(r) < FRAME_HEADER)
		return LOOK_MORE;
	if (!read_header(r, f))
		return LOOK_BAD;
	if (f->stream == 0 && !hello_ok(r, f))
		return LOOK_BAD;
	return have(r) < FRAME_HEADER + f->len ? LOOK_MORE : LOOK_WHOLE;
}

/* Brings a header with the magic after it to the front, if there is one. */
static bool
hunt(struct frame_reader *r)
{
	const size_t need = FRAME_HEADER + FRAME_MAGIC_SIZE;
	const uint8_t *magic;
	struct frame f;

	while (have(r) >= need) {
		magic = memmem(front(r) + FRAME_HEADER, have(r) - FRAME_HEADER,
			       frame_magic, FRAME_MAGIC_SIZE);
		if (!magic) {
			drop(r, have(r) - (need - 1));
			return false;
		}
		if (magic > front(r) + FRAME_HEADER)
			drop(r, (size_t)(magic - front(r)) - FRAME_HEADER);
		if (read_header(r, &f) && f.stream == 0)
			return true;
		drop(r, 1);
	}
	return false;
}

/* Takes the whole frame at the front. */
static void
give(struct frame_reader *r, struct frame *f)
{
	r->taken += FRAME_HEADER + f->len;
	r->seen = 0;
	if (f->stream != 0)
		return;
	r->hunting = false;
	memcpy(r->nonce, f->payload + FRAME_MAGIC_SIZE, FRAME_NONCE);
	f->payload += FRAME_HELLO_HEAD;
	f->len -= FRAME_HELLO_HEAD;
}

int
frame_reader_next(struct frame_reader *r, struct frame *out, bool *out_lost)
{
	struct frame f;

	for (;;) {
		if (r->hunting && !hunt(r))
			return 0;
		switch (look(r, &f)) {
		case LOOK_MORE:
			return 0;
		case LOOK_WHOLE:
			give(r, &f);
			*out = f;
			return 1;
		case LOOK_BAD:
			drop(r, 1);
			if (!r->hunting && out_lost)
				*out_lost = true;
			r->hunting = true;
			break;
		}
	}
}
