#include "uid_pool.h"

#include <assert.h>
#include <stdlib.h>

int
uid_pool_init(struct uid_pool *p, uid_t base, uint32_t count)
{
	assert(base >= 1000 && count > 0);
	*p = (struct uid_pool){.base = base, .count = count};
	p->busy = calloc(count, 1);
	return p->busy ? 0 : -1;
}

void
uid_pool_fini(struct uid_pool *p)
{
	free(p->busy);
	*p = (struct uid_pool){0};
}

bool
uid_pool_has(const struct uid_pool *p, uid_t uid)
{
	return uid >= p->base && uid - p->base < p->count;
}

uid_t
uid_pool_take(struct uid_pool *p)
{
	for (uint32_t i = 0; i < p->count; i++) {
		uint32_t n = (p->next + i) % p->count;

		if (p->busy[n])
			continue;
		p->busy[n] = 1;
		p->used++;
		p->next = (n + 1) % p->count;
		return p->base + n;
	}
	return 0;
}

int
uid_pool_claim(struct uid_pool *p, uid_t uid)
{
	if (!uid_pool_has(p, uid) || p->busy[uid - p->base])
		return -1;
	p->busy[uid - p->base] = 1;
	p->used++;
	p->next = (uid - p->base + 1) % p->count;
	return 0;
}

void
uid_pool_give(struct uid_pool *p, uid_t uid)
{
	if (!uid_pool_has(p, uid))
		return;
	assert(p->busy[uid - p->base]);
	p->busy[uid - p->base] = 0;
	p->used--;
}
