#include "frame.h"

#include <assert.h>
#include <string.h>

#include "frame_row.h"

const uint8_t frame_magic[FRAME_MAGIC_SIZE] = {0xff, 'C', 'A',	'G',
					       'E',  'D', 0xfe, '\n'};

const struct frame_row frame_rows[FRAME_ROWS] = {
#define FRAME(name, value, control, gateway, agent) \
	[value] = {#name, (control), {(gateway), (agent)}},
#include "channel.def"
#undef FRAME
};

static void
put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

/* The header of a frame and room for its payload, or NULL. */
static uint8_t *
start(struct buf *b, uint32_t stream, enum frame_type type, uint8_t flags,
      size_t len)
{
	uint8_t *p;

	assert(frame_row((uint8_t)type) && len <= FRAME_PAYLOAD_MAX);
	assert(frame_row((uint8_t)type)->control == (stream == 0));
	p = buf_reserve(b, FRAME_HEADER + len);
	if (!p)
		return NULL;
	put32(p, (uint32_t)len);
	put32(p + 4, stream);
	p[8] = (uint8_t)type;
	p[9] = flags;
	p[10] = p[11] = 0;
	b->len += FRAME_HEADER + len;
	return p + FRAME_HEADER;
}

int
frame_add(struct buf *b, uint32_t stream, enum frame_type type, uint8_t flags,
	  const void *payload, size_t len)
{
	uint8_t *p = start(b, stream, type, flags, len);

	if (!p)
		return -1;
	if (len)
		memcpy(p, payload, len);
	return 0;
}

int
frame_add_credit(struct buf *b, uint32_t stream, uint32_t bytes)
{
	uint8_t *p = start(b, stream, FRAME_CREDIT, 0, FRAME_CREDIT_SIZE);

	if (!p)
		return -1;
	put32(p, bytes);
	return 0;
}

int
frame_credit(const struct frame *f, uint32_t *out_bytes)
{
	uint32_t v;

	if (f->len != FRAME_CREDIT_SIZE)
		return -1;
	v = frame_get32(f->payload);
	if (v == 0)
		return -1;
	*out_bytes = v;
	return 0;
}

int
frame_add_hello(struct buf *b, enum frame_type type,
		const uint8_t nonce[FRAME_NONCE], const char *json)
{
	size_t n = strlen(json);
	uint8_t *p = start(b, 0, type, 0, FRAME_HELLO_HEAD + n);

	if (!p)
		return -1;
	memcpy(p, frame_magic, FRAME_MAGIC_SIZE);
	memcpy(p + FRAME_MAGIC_SIZE, nonce, FRAME_NONCE);
	/* The frame has its length:
	 * NOLINTNEXTLINE(bugprone-not-null-terminated-result) */
	memcpy(p + FRAME_HELLO_HEAD, json, n);
	return 0;
}

const char *
frame_type_name(uint8_t type)
{
	const struct frame_row *row = frame_row(type);

	return row ? row->name : NULL;
}
