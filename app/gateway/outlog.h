/*
 * What a command printed, in the order it was read, each byte known as
 * standard output or standard error. The first and the last OUTLOG_HALF bytes
 * are kept.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

#define OUTLOG_HALF ((size_t)512 * 1024)

/* Zeroed is empty. Memory grows with what is kept. */
struct outlog {
	uint8_t *head, *tail;		/* owned; tail is a ring */
	uint8_t *head_tags, *tail_tags; /* a bit a byte: 1 is standard error */
	size_t head_len, head_size;
	size_t tail_size; /* 0 or OUTLOG_HALF */
	uint64_t total;	  /* bytes ever added */
	bool lost;	  /* memory ran out: the rest is only counted */
};

enum outlog_part { OUTLOG_BOTH, OUTLOG_STDOUT, OUTLOG_STDERR };

void outlog_fini(struct outlog *o);
void outlog_add(struct outlog *o, bool is_stderr, const uint8_t *p, size_t n);
/* Some bytes between the first and the last were dropped. */
bool outlog_truncated(const struct outlog *o);
/* Appends the kept bytes of a part. 0, or -1 (cap of b). */
int outlog_read(const struct outlog *o, enum outlog_part part, struct buf *b);
