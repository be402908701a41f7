#include "rate.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "err.h"

#define SLOTS 16384u /* a power of two */
#define PROBES 16u

/* `minute` in the upper half of `state`, the count in the lower. */
struct slot {
	_Atomic uint64_t account; /* hash; 0 when free */
	_Atomic uint64_t state;
};

struct rate {
	struct slot slots[SLOTS];
};

struct rate *
rate_new(struct err *e)
{
	void *p = mmap(NULL, sizeof(struct rate), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		err_errno(e, "rate table");
		return NULL;
	}
	return p;
}

void
rate_free(struct rate *r)
{
	if (r)
		munmap(r, sizeof(*r));
}

/* FNV-1a; ids are random, so nobody picks theirs to collide. */
static uint64_t
hash_account(const char *s)
{
	uint64_t h = 14695981039346656037u;

	for (; *s; s++)
		h = (h ^ (uint8_t)*s) * 1099511628211u;
	return h ? h : 1;
}

/* The account's slot, or one that nobody used in this minute. */
static struct slot *
find_slot(struct rate *r, uint64_t account, uint32_t minute)
{
	for (unsigned i = 0; i < PROBES; i++)
		if (atomic_load(&r->slots[(account + i) % SLOTS].account) ==
		    account)
			return &r->slots[(account + i) % SLOTS];
	for (unsigned i = 0; i < PROBES; i++) {
		struct slot *s = &r->slots[(account + i) % SLOTS];
		uint64_t owner = atomic_load(&s->account);

		if (owner != 0 && atomic_load(&s->state) >> 32 >= minute)
			continue;
		if (atomic_compare_exchange_strong(&s->account, &owner,
						   account) ||
		    owner == account)
			return s;
	}
	return NULL;
}

static uint32_t
count_in(struct slot *s, uint32_t minute)
{
	uint64_t old = atomic_load(&s->state);
	uint64_t new;

	do {
		uint32_t count = old >> 32 == minute ? (uint32_t)old : 0;

		if (count == UINT32_MAX)
			return count;
		new = (uint64_t)minute << 32 | (count + 1);
	} while (!atomic_compare_exchange_weak(&s->state, &old, new));
	return (uint32_t) new;
}

struct rate_answer
rate_count(struct rate *r, const char *account, int64_t limit, int64_t now)
{
	uint32_t minute = (uint32_t)(now / RATE_WINDOW_S);
	struct slot *s = find_slot(r, hash_account(account), minute);
	int64_t count = s ? count_in(s, minute) : 1;
	struct rate_answer a = {
		.limit = limit ? limit : RATE_UNLIMITED,
		.reset_at = ((int64_t)minute + 1) * RATE_WINDOW_S,
	};

	a.refused = count > a.limit;
	a.remaining = a.refused ? 0 : a.limit - count;
	return a;
}
