#include "grants.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "model/grant.h"

/* A token read at the last moment of its life must outlive it here. */
#define KEEP_MS ((int64_t)(GRANT_LIFE_S + 1) * 1000)
#define NONE UINT32_MAX

struct used {
	char jti[33];
	uint32_t next; /* in its bucket */
	int64_t until_ms;
};

/* A ring in order of use, which is the order of expiry, under a hash table. */
struct grants {
	size_t cap;
	size_t oldest, count;
	struct used *ring;
	uint32_t *bucket; /* cap of them */
};

static size_t
bucket_of(const struct grants *g, const char *jti)
{
	uint64_t h = 14695981039346656037u; /* FNV-1a */

	for (; *jti; jti++)
		h = (h ^ (uint8_t)*jti) * 1099511628211u;
	return (size_t)(h ^ h >> 32) & (g->cap - 1);
}

struct grants *
grants_new(size_t cap)
{
	struct grants *g = calloc(1, sizeof(*g));

	assert(cap > 0 && (cap & (cap - 1)) == 0 && cap < NONE);
	if (!g)
		return NULL;
	g->cap = cap;
	g->ring = calloc(cap, sizeof(*g->ring));
	g->bucket = malloc(cap * sizeof(*g->bucket));
	if (!g->ring || !g->bucket) {
		grants_free(g);
		return NULL;
	}
	memset(g->bucket, 0xff, cap * sizeof(*g->bucket));
	return g;
}

void
grants_free(struct grants *g)
{
	if (!g)
		return;
	free(g->ring);
	free(g->bucket);
	free(g);
}

static void
forget_oldest(struct grants *g)
{
	uint32_t *p = &g->bucket[bucket_of(g, g->ring[g->oldest].jti)];

	while (*p != g->oldest)
		p = &g->ring[*p].next;
	*p = g->ring[g->oldest].next;
	g->oldest = (g->oldest + 1) & (g->cap - 1);
	g->count--;
}

static bool
known(const struct grants *g, const char *jti)
{
	uint32_t i = g->bucket[bucket_of(g, jti)];

	while (i != NONE && strcmp(g->ring[i].jti, jti) != 0)
		i = g->ring[i].next;
	return i != NONE;
}

int
grants_use(struct grants *g, const char jti[33], int64_t now_ms, struct err *e)
{
	size_t slot, b;

	while (g->count && g->ring[g->oldest].until_ms <= now_ms)
		forget_oldest(g);
	if (known(g, jti))
		return err_set(e, ERR_UNAUTHENTICATED,
			       "the grant was used before");
	if (g->count == g->cap)
		return err_set(e, ERR_OVERLOADED, "too many requests at once");
	slot = (g->oldest + g->count++) & (g->cap - 1);
	b = bucket_of(g, jti);
	memcpy(g->ring[slot].jti, jti, sizeof(g->ring[slot].jti));
	g->ring[slot].until_ms = now_ms + KEEP_MS;
	g->ring[slot].next = g->bucket[b];
	g->bucket[b] = (uint32_t)slot;
	return 0;
}
