#include "buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 64

void
buf_init(struct buf *b, size_t cap)
{
	assert(cap < SIZE_MAX / 2);
	*b = (struct buf){.cap = cap};
}

void
buf_fini(struct buf *b)
{
	free(b->data);
	buf_init(b, b->cap);
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
	b->full = false;
}

/* Makes room for n more bytes and a NUL. */
static bool
grow(struct buf *b, size_t n)
{
	size_t need = b->len + n + 1;
	size_t size = b->size ? b->size : FIRST_SIZE;
	uint8_t *data;

	if (need <= b->size)
		return true;
	while (size < need)
		size *= 2;
	if (size > b->cap + 1)
		size = b->cap + 1;
	data = realloc(b->data, size);
	if (!data)
		return false;
	b->data = data;
	b->size = size;
	return true;
}

uint8_t *
buf_reserve(struct buf *b, size_t n)
{
	assert(b->len <= b->cap);
	if (n > b->cap - b->len || !grow(b, n)) {
		b->full = true;
		return NULL;
	}
	b->data[b->len + n] = '\0';
	return b->data + b->len;
}

int
buf_add(struct buf *b, const void *p, size_t n)
{
	uint8_t *to = buf_reserve(b, n);

	if (!to)
		return -1;
	if (n)
		memcpy(to, p, n);
	b->len += n;
	return 0;
}

int
buf_addstr(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

int
buf_addf(struct buf *b, const char *fmt, ...)
{
	uint8_t *to = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n >= 0)
		to = buf_reserve(b, (size_t)n);
	if (!to) {
		b->full = true;
		return -1;
	}
	va_start(ap, fmt);
	vsnprintf((char *)to, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
	return 0;
}

void
buf_consume(struct buf *b, size_t n)
{
	assert(n <= b->len);
	if (n == 0)
		return;
	b->len -= n;
	memmove(b->data, b->data + n, b->len);
	b->data[b->len] = '\0';
}

void
buf_truncate(struct buf *b, size_t len)
{
	assert(len <= b->len);
	b->len = len;
	if (b->data)
		b->data[len] = '\0';
}

const char *
buf_str(const struct buf *b)
{
	if (!b->data)
		return "";
	/* Whoever used buf_reserve may have filled less than it asked for. */
	b->data[b->len] = '\0';
	return (const char *)b->data;
}

char *
buf_steal(struct buf *b)
{
	uint8_t *data = b->data;

	if (!data)
		return calloc(1, 1);
	data[b->len] = '\0';
	b->data = NULL;
	b->len = b->size = 0;
	return (char *)data;
}
