/* The uids that VMs run as: each VM has one of its own while it holds anything.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct uid_pool {
	uid_t base;
	uint32_t count, used;
	uint32_t next; /* where the search starts: a freed uid rests the longest
			*/
	uint8_t *busy; /* owned, one byte a uid */
};

/* 0 or -1 (no memory). */
int uid_pool_init(struct uid_pool *p, uid_t base, uint32_t count);
void uid_pool_fini(struct uid_pool *p);
bool uid_pool_has(const struct uid_pool *p, uid_t uid); /* in the range */
/* 0: none is free. */
uid_t uid_pool_take(struct uid_pool *p);
/* Marks one that a VM of an earlier life of the daemon holds. -1: outside of
 * the range or held already. */
int uid_pool_claim(struct uid_pool *p, uid_t uid);
/* Nothing may run as it any more. A uid outside of the range is ignored. */
void uid_pool_give(struct uid_pool *p, uid_t uid);
