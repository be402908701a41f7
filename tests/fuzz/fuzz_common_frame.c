/*
 * Bytes of a hostile guest, or client, into a frame reader. The first byte
 * says which side reads, the second how long the reads are.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "frame.h"

#define FRAME_MAX (FRAME_HEADER + FRAME_PAYLOAD_MAX)

struct run {
	struct frame_reader reader;
	const uint8_t *data; /* all that is fed */
	size_t fed;
	struct buf trace; /* of the frames and the losses */
};

static const uint8_t nonce[FRAME_NONCE] = "0123456789abcdef";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the reader took for a frame must be that frame's one encoding. */
static void
check_encoding(const struct run *r, const struct frame *f)
{
	const struct frame_reader *in = &r->reader;
	size_t end = r->fed - (in->in.len - in->taken);
	auto_buf struct buf b = {0};
	int rc;

	buf_init(&b, FRAME_MAX);
	if (f->stream == 0) {
		char *json = strndup((const char *)f->payload, f->len);

		rc = frame_add_hello(&b, f->type, in->nonce, json);
		free(json);
	} else {
		rc = frame_add(&b, f->stream, f->type, f->flags, f->payload,
			       f->len);
	}
	assert(rc == 0 && b.len <= end);
	assert(memcmp(b.data, r->data + end - b.len, b.len) == 0);
}

static void
drain(struct run *r)
{
	struct frame f;
	bool lost = false;
	int got;

	while ((got = frame_reader_next(&r->reader, &f, &lost)) || lost) {
		if (lost)
			buf_addstr(&r->trace, "lost ");
		lost = false;
		if (!got)
			break;
		check_encoding(r, &f);
		buf_addf(&r->trace, "%u:%u:%u ", f.type, f.stream, f.len);
	}
	assert(r->reader.taken <= r->reader.in.len);
	assert(r->reader.in.len <= r->reader.in.cap);
}

static void
run_init(struct run *r, enum frame_side side, const uint8_t *data)
{
	*r = (struct run){.data = data};
	frame_reader_init(&r->reader, side,
			  side == FRAME_GATEWAY ? nonce : NULL);
	buf_init(&r->trace, 16 << 20);
}

static void
run_all(struct run *r, size_t size, size_t step)
{
	while (r->fed < size) {
		size_t room = 0;
		uint8_t *to = frame_reader_space(&r->reader, &room);

		assert(to && room > 0);
		if (room > size - r->fed)
			room = size - r->fed;
		if (step && room > step)
			room = step;
		memcpy(to, r->data + r->fed, room);
		frame_reader_filled(&r->reader, room);
		r->fed += room;
		drain(r);
	}
}

static void
run_fini(struct run *r)
{
	frame_reader_fini(&r->reader);
	buf_fini(&r->trace);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run whole, parts;
	enum frame_side side;

	if (size < 2)
		return 0;
	side = data[0] & 1 ? FRAME_AGENT : FRAME_GATEWAY;
	run_init(&whole, side, data + 2);
	run_init(&parts, side, data + 2);
	run_all(&whole, size - 2, 0);
	run_all(&parts, size - 2, data[1] + 1u);
	assert(strcmp(buf_str(&whole.trace), buf_str(&parts.trace)) == 0);
	run_fini(&whole);
	run_fini(&parts);
	return 0;
}
