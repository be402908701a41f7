#include "outlog.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"

#define FIRST_SIZE ((size_t)4096)

void
outlog_fini(struct outlog *o)
{
	free(o->head);
	free(o->tail);
	free(o->head_tags);
	free(o->tail_tags);
	*o = (struct outlog){0};
}

/* Bits [at, at + n) become v. */
static void
set_tags(uint8_t *tags, size_t at, size_t n, bool v)
{
	for (; n && at % 8; at++, n--)
		tags[at / 8] = (uint8_t)((tags[at / 8] & ~(1u << at % 8)) |
					 (unsigned)v << at % 8);
	memset(tags + at / 8, v ? 0xff : 0, n / 8);
	for (at += n / 8 * 8, n %= 8; n; at++, n--)
		tags[at / 8] = (uint8_t)((tags[at / 8] & ~(1u << at % 8)) |
					 (unsigned)v << at % 8);
}

static bool
tag_at(const uint8_t *tags, size_t at)
{
	return tags[at / 8] >> at % 8 & 1;
}

static bool
grow_head(struct outlog *o, size_t need)
{
	size_t size = o->head_size ? o->head_size : FIRST_SIZE;
	uint8_t *p;

	while (size < need)
		size *= 2;
	if (size == o->head_size)
		return true;
	p = realloc(o->head, size);
	if (!p)
		return false;
	o->head = p;
	p = realloc(o->head_tags, size / 8);
	if (!p)
		return false;
	o->head_tags = p;
	o->head_size = size;
	return true;
}

static bool
make_tail(struct outlog *o)
{
	if (o->tail_size)
		return true;
	o->tail = malloc(OUTLOG_HALF);
	o->tail_tags = malloc(OUTLOG_HALF / 8);
	if (!o->tail || !o->tail_tags)
		return false;
	o->tail_size = OUTLOG_HALF;
	return true;
}

static void
add_tail(struct outlog *o, bool is_stderr, const uint8_t *p, size_t n)
{
	size_t at, part;

	if (n > OUTLOG_HALF) {
		o->total += n - OUTLOG_HALF;
		p += n - OUTLOG_HALF;
		n = OUTLOG_HALF;
	}
	while (n) {
		at = (size_t)((o->total - OUTLOG_HALF) % OUTLOG_HALF);
		part = OUTLOG_HALF - at < n ? OUTLOG_HALF - at : n;
		memcpy(o->tail + at, p, part);
		set_tags(o->tail_tags, at, part, is_stderr);
		o->total += part;
		p += part;
		n -= part;
	}
}

void
outlog_add(struct outlog *o, bool is_stderr, const uint8_t *p, size_t n)
{
	size_t part = OUTLOG_HALF - o->head_len;

	if (part > n)
		part = n;
	if (part && !o->lost && grow_head(o, o->head_len + part)) {
		memcpy(o->head + o->head_len, p, part);
		set_tags(o->head_tags, o->head_len, part, is_stderr);
		o->head_len += part;
		o->total += part;
		p += part;
		n -= part;
	}
	if (!n)
		return;
	if (o->lost || o->head_len < OUTLOG_HALF || !make_tail(o)) {
		o->lost = true;
		o->total += n;
		return;
	}
	add_tail(o, is_stderr, p, n);
}

bool
outlog_truncated(const struct outlog *o)
{
	return o->lost || o->total > 2 * (uint64_t)OUTLOG_HALF;
}

static int
read_part(const uint8_t *p, const uint8_t *tags, size_t from, size_t n,
	  enum outlog_part part, struct buf *b)
{
	size_t at = from, end = from + n, run;
	bool is_stderr;

	if (part == OUTLOG_BOTH)
		return n ? buf_add(b, p + from, n) : 0;
	for (; at < end; at = run) {
		is_stderr = tag_at(tags, at);
		for (run = at + 1; run < end && tag_at(tags, run) == is_stderr;)
			run++;
		if (is_stderr == (part == OUTLOG_STDERR) &&
		    buf_add(b, p + at, run - at) < 0)
			return -1;
	}
	return 0;
}

int
outlog_read(const struct outlog *o, enum outlog_part part, struct buf *b)
{
	uint64_t in_tail = o->total - o->head_len;
	size_t at;

	if (read_part(o->head, o->head_tags, 0, o->head_len, part, b) < 0)
		return -1;
	if (!o->tail_size || o->lost)
		return 0;
	if (in_tail <= OUTLOG_HALF)
		return read_part(o->tail, o->tail_tags, 0, (size_t)in_tail,
				 part, b);
	at = (size_t)(in_tail % OUTLOG_HALF);
	if (read_part(o->tail, o->tail_tags, at, OUTLOG_HALF - at, part, b) < 0)
		return -1;
	return read_part(o->tail, o->tail_tags, 0, at, part, b);
}
