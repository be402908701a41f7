/* Which grants were used: each opens one request only. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct err;
struct grants;

/* Remembers at most `cap` (a power of two) tokens, each for as long as any
 * grant can live. NULL: no memory. */
struct grants *grants_new(size_t cap);
void grants_free(struct grants *g);
/* 0, or -1: UNAUTHENTICATED for a second use, OVERLOADED when `cap` tokens
 * are younger than their life. `now_ms` never runs backwards. */
int grants_use(struct grants *g, const char jti[33], int64_t now_ms,
	       struct err *e);
