/* A growing byte buffer with a stated cap. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	uint8_t *
		data; /* owned; always NUL-terminated after len when not NULL */
	size_t len;   /* bytes used */
	size_t size;  /* bytes allocated */
	size_t cap;   /* most bytes that len may reach */
	bool full; /* an append was refused or memory ran out: until buf_reset */
};

/* `cap` in bytes, below SIZE_MAX / 2. Nothing is allocated until the first append. */
void buf_init(struct buf *b, size_t cap);
void buf_fini(struct buf *b);
void buf_reset(struct buf *b); /* len = 0, full = false; keeps the memory */

/* 0, or -1 and b->full when the cap would be passed; nothing is appended then. */
int buf_add(struct buf *b, const void *p, size_t n);
int buf_addstr(struct buf *b, const char *s);
int buf_addf(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Room for n bytes at the end; NULL when over the cap. The caller adds what it
 * used to len. */
uint8_t *buf_reserve(struct buf *b, size_t n);
/* Drops n bytes from the front. */
void buf_consume(struct buf *b, size_t n);
/* Drops what is behind the first len bytes. */
void buf_truncate(struct buf *b, size_t len);
/* The text, "" when empty. Borrowed until the next change. */
const char *buf_str(const struct buf *b);
/* Hands the text to the caller (free()), also when empty; NULL when memory ran
 * out. The buffer is empty afterwards. */
char *buf_steal(struct buf *b);

#define auto_buf __attribute__((cleanup(buf_fini)))
