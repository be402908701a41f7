#include "exec_output.h"

#include <stdlib.h>
#include <string.h>

void
exec_budget_init(struct exec_budget *b, int64_t bytes,
		 bool (*evict)(struct exec_budget *b))
{
	int64_t blocks = bytes / (int64_t)sizeof(struct exec_block) -
			 CHANNEL_EXECS_MAX * EXEC_TAIL_MIN;

	*b = (struct exec_budget){.max = blocks > 0 ? (size_t)blocks : 0,
				  .evict = evict};
}

void
exec_output_init(struct exec_output *o, struct exec_budget *b)
{
	*o = (struct exec_output){.budget = b};
}

/* Tail blocks that do not count, since a running command may always have them.
 */
static size_t
granted(const struct exec_output *o)
{
	if (o->settled)
		return 0;
	return o->n_tail < EXEC_TAIL_MIN ? o->n_tail : EXEC_TAIL_MIN;
}

static bool
make_room(struct exec_budget *b)
{
	while (b->used >= b->max)
		if (!b->evict(b))
			return false;
	return true;
}

void
exec_output_drop(struct exec_output *o)
{
	o->budget->used -= o->n_head + o->n_tail - granted(o);
	for (size_t i = 0; i < o->n_head; i++)
		free(o->head[i]);
	for (size_t i = 0; i < o->n_tail; i++)
		free(o->tail[i]);
	o->n_head = o->n_tail = 0;
	o->head_closed = true;
	o->head_len = 0;
	o->tail_start = o->total;
}

void
exec_output_settle(struct exec_output *o)
{
	if (o->settled)
		return;
	o->budget->used += granted(o);
	o->settled = true;
	while (o->budget->used > o->budget->max && o->budget->evict(o->budget))
		;
}

static void
drop_oldest_tail(struct exec_output *o)
{
	size_t counted = o->n_tail - granted(o);

	free(o->tail[0]);
	o->n_tail--;
	memmove(o->tail, o->tail + 1, o->n_tail * sizeof(o->tail[0]));
	o->tail_start += EXEC_BLOCK;
	o->budget->used -= counted - (o->n_tail - granted(o));
}

/* A fresh block at the head's end, or NULL: the head is closed from now on. */
static struct exec_block *
grow_head(struct exec_output *o)
{
	struct exec_block *b = NULL;

	if (o->n_head < EXEC_HEAD_BLOCKS && make_room(o->budget))
		b = calloc(1, sizeof(*b));
	if (!b) {
		o->head_closed = true;
		o->tail_start = o->total;
		return NULL;
	}
	o->budget->used++;
	o->head[o->n_head++] = b;
	return b;
}

/* A fresh block at the tail's end; NULL only when memory ran out. */
static struct exec_block *
grow_tail(struct exec_output *o)
{
	struct exec_block *b = NULL;
	bool counts = o->n_tail >= EXEC_TAIL_MIN;

	if (o->n_tail == EXEC_TAIL_BLOCKS || (counts && !make_room(o->budget)))
		drop_oldest_tail(o);
	b = calloc(1, sizeof(*b));
	if (!b)
		return NULL;
	if (o->n_tail >= EXEC_TAIL_MIN)
		o->budget->used++;
	o->tail[o->n_tail++] = b;
	return b;
}

/* The block that takes the next byte and where in it; NULL: memory ran out. */
static struct exec_block *
writable(struct exec_output *o, size_t *out_at)
{
	struct exec_block *b;
	uint64_t len;

	if (!o->head_closed) {
		*out_at = o->head_len % EXEC_BLOCK;
		if (*out_at > 0)
			return o->head[o->n_head - 1];
		b = grow_head(o);
		if (b)
			return b;
	}
	len = o->total - o->tail_start;
	*out_at = len % EXEC_BLOCK;
	if (len < o->n_tail * EXEC_BLOCK)
		return o->tail[o->n_tail - 1];
	return grow_tail(o);
}

/* Without memory the bytes are lost, and what the tail held before them. */
static void
lose(struct exec_output *o, size_t n)
{
	while (o->n_tail > 0)
		drop_oldest_tail(o);
	o->total += n;
	o->tail_start = o->total;
}

static void
mark(struct exec_block *b, size_t at, size_t n)
{
	for (size_t i = at; i < at + n; i++)
		b->errs[i / 8] |= (uint8_t)(1u << (i % 8));
}

void
exec_output_add(struct exec_output *o, bool is_err, const uint8_t *p, size_t n)
{
	while (n > 0) {
		size_t at, part;
		struct exec_block *b = writable(o, &at);

		if (!b) {
			lose(o, n);
			return;
		}
		part = EXEC_BLOCK - at < n ? EXEC_BLOCK - at : n;
		memcpy(b->bytes + at, p, part);
		if (is_err)
			mark(b, at, part);
		if (!o->head_closed)
			o->head_len += part;
		o->total += part;
		p += part;
		n -= part;
	}
}

static bool
err_at(const struct exec_block *b, size_t i)
{
	return b->errs[i / 8] >> (i % 8) & 1;
}

/* From `at`, all of one kind, below `end`. Whole bytes of marks at a time. */
static size_t
run_length(const struct exec_block *b, size_t at, size_t end)
{
	bool is_err = err_at(b, at);
	uint8_t same = is_err ? 0xff : 0;
	size_t i = at + 1;

	while (i < end) {
		if (i % 8 == 0 && end - i >= 8 && b->errs[i / 8] == same)
			i += 8;
		else if (err_at(b, i) == is_err)
			i++;
		else
			break;
	}
	return i - at;
}

size_t
exec_output_at(const struct exec_output *o, uint64_t *pos, size_t max,
	       bool *out_err, const uint8_t **out_p)
{
	const struct exec_block *b;
	uint64_t end, from = 0;
	size_t at;

	if (*pos >= o->head_len && *pos < o->tail_start)
		*pos = o->tail_start;
	if (*pos >= o->total || max == 0)
		return 0;
	if (*pos < o->head_len) {
		end = o->head_len;
		b = o->head[*pos / EXEC_BLOCK];
	} else {
		from = o->tail_start;
		end = o->total;
		b = o->tail[(*pos - from) / EXEC_BLOCK];
	}
	at = (*pos - from) % EXEC_BLOCK;
	if (end - *pos < max)
		max = end - *pos;
	if (EXEC_BLOCK - at < max)
		max = EXEC_BLOCK - at;
	*out_err = err_at(b, at);
	*out_p = b->bytes + at;
	return run_length(b, at, at + max);
}
