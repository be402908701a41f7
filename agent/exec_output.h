/*
 * What is kept of one command's output: the first CHANNEL_OUTPUT_HEAD bytes and
 * at least the last CHANNEL_OUTPUT_TAIL, each byte marked as standard output or
 * standard error. All stores share one budget: under pressure heads stay
 * shorter, tails shrink to EXEC_TAIL_MIN blocks, and ended commands lose what
 * they had, oldest first.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "channel.h"

#define EXEC_BLOCK 65536
#define EXEC_HEAD_BLOCKS (CHANNEL_OUTPUT_HEAD / EXEC_BLOCK)
/* One more, since the first and the last are partly used. */
#define EXEC_TAIL_BLOCKS (CHANNEL_OUTPUT_TAIL / EXEC_BLOCK + 1)
/* Always granted to a running command: what a slow stream may leave unsent
 * (one window and one read) is never overwritten. */
#define EXEC_TAIL_MIN (CHANNEL_WINDOW / EXEC_BLOCK + 2)

struct exec_block {
	uint8_t errs[EXEC_BLOCK / 8]; /* a bit for each byte: standard error */
	uint8_t bytes[EXEC_BLOCK];
};

struct exec_budget {
	size_t used; /* blocks beyond the granted ones */
	size_t max;
	/* Frees blocks of an ended command; false when there are none. */
	bool (*evict)(struct exec_budget *b);
};

struct exec_output {
	struct exec_budget *budget;
	struct exec_block *head[EXEC_HEAD_BLOCKS];
	struct exec_block *tail[EXEC_TAIL_BLOCKS]; /* oldest first */
	size_t n_head, n_tail;
	bool head_closed;    /* later bytes go to the tail */
	bool settled;	     /* ended: all its blocks count as used */
	uint64_t head_len;   /* bytes [0, head_len) are kept */
	uint64_t tail_start; /* and [tail_start, total) */
	uint64_t total;	     /* bytes ever added */
};

/* A budget for `bytes` of memory, after what running commands are granted. */
void exec_budget_init(struct exec_budget *b, int64_t bytes,
		      bool (*evict)(struct exec_budget *b));

void exec_output_init(struct exec_output *o, struct exec_budget *b);
/* Frees everything that is kept; `total` stays. */
void exec_output_drop(struct exec_output *o);
/* No more will be added. */
void exec_output_settle(struct exec_output *o);

void exec_output_add(struct exec_output *o, bool is_err, const uint8_t *p,
		     size_t n);
/*
 * The longest run of bytes of one kind at *pos, at most `max`; moves *pos past
 * bytes that are not kept, but not past the run. 0 at the end.
 */
size_t exec_output_at(const struct exec_output *o, uint64_t *pos, size_t max,
		      bool *out_err, const uint8_t **out_p);
