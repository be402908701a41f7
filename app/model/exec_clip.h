/*
 * Output of any length clipped to its first and last EXEC_CLIP_HALF bytes, as
 * answers show it. A character is not cut in two where that can be helped.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

#define EXEC_CLIP_HALF ((size_t)512 * 1024)

struct exec_clip {
	struct buf b;
	bool clipped; /* something was left out */
};

void exec_clip_init(struct exec_clip *c);
void exec_clip_fini(struct exec_clip *c);
/* 0, or -1 when memory runs out. */
int exec_clip_add(struct exec_clip *c, const void *p, size_t n);
/* What comes from here on does not follow what came before. */
void exec_clip_gap(struct exec_clip *c);
/* Cuts to size. Call once, after the last add; the result is c->b. */
void exec_clip_finish(struct exec_clip *c);
