#include "exec_clip.h"

#include <string.h>

/* The buffer slides when it holds so much, not at every add. */
#define CLIP_SLACK (2 * EXEC_CLIP_HALF)
#define CLIP_CAP (2 * EXEC_CLIP_HALF + CLIP_SLACK)
#define UTF8_TAIL_MAX 3 /* bytes after a character's first */

void
exec_clip_init(struct exec_clip *c)
{
	*c = (struct exec_clip){0};
	buf_init(&c->b, CLIP_CAP);
}

void
exec_clip_fini(struct exec_clip *c)
{
	buf_fini(&c->b);
}

static bool
continues(uint8_t byte)
{
	return (byte & 0xc0) == 0x80;
}

/* Leaves out everything between the head and the last EXEC_CLIP_HALF bytes. */
static void
slide(struct buf *b)
{
	memmove(b->data + EXEC_CLIP_HALF, b->data + b->len - EXEC_CLIP_HALF,
		EXEC_CLIP_HALF);
	b->len = 2 * EXEC_CLIP_HALF;
	b->data[b->len] = '\0';
}

int
exec_clip_add(struct exec_clip *c, const void *p, size_t n)
{
	const uint8_t *at = p;

	while (n > 0) {
		size_t room = CLIP_CAP - c->b.len;
		size_t part = n < room ? n : room;

		if (buf_add(&c->b, at, part))
			return -1;
		at += part;
		n -= part;
		if (c->b.len == CLIP_CAP) {
			slide(&c->b);
			c->clipped = true;
		}
	}
	return 0;
}

void
exec_clip_gap(struct exec_clip *c)
{
	c->clipped = true;
}

/* Bytes of the character that starts with this one. */
static size_t
char_size(uint8_t first)
{
	if (first < 0xc0)
		return 1;
	return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* Moves the seam out of the characters on both of its sides. */
static void
mend_seam(struct buf *b)
{
	size_t head = EXEC_CLIP_HALF, tail = EXEC_CLIP_HALF;
	size_t back = 0;

	while (back < UTF8_TAIL_MAX && continues(b->data[head - 1 - back]))
		back++;
	if (char_size(b->data[head - 1 - back]) > back + 1)
		head -= back + 1;
	while (tail < EXEC_CLIP_HALF + UTF8_TAIL_MAX &&
	       continues(b->data[tail]))
		tail++;
	memmove(b->data + head, b->data + tail, b->len - tail);
	b->len -= tail - head;
	b->data[b->len] = '\0';
}

void
exec_clip_finish(struct exec_clip *c)
{
	if (c->b.len > 2 * EXEC_CLIP_HALF) {
		slide(&c->b);
		c->clipped = true;
	}
	if (c->clipped && c->b.len == 2 * EXEC_CLIP_HALF)
		mend_seam(&c->b);
}
