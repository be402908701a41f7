#include "gate.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "err.h"
#include "timeutil.h"

#define WORKERS_MAX 256
#define LOOK_AGAIN_NS 2000000

enum place { OUTSIDE, WAITING, INSIDE };

struct gate {
	int workers;
	_Atomic unsigned char places[WORKERS_MAX]; /* enum place */
};

struct gate *
gate_new(int workers, struct err *e)
{
	struct gate *g;

	assert(workers > 0 && workers <= WORKERS_MAX);
	g = mmap(NULL, sizeof(*g), PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (g == MAP_FAILED) {
		err_errno(e, "vmctl gate");
		return NULL;
	}
	g->workers = workers;
	return g;
}

void
gate_free(struct gate *g)
{
	if (g)
		munmap(g, sizeof(*g));
}

static int
count(const struct gate *g, enum place p)
{
	int n = 0;

	for (int i = 0; i < g->workers; i++)
		n += atomic_load(&g->places[i]) == p;
	return n;
}

static int
limit(int workers, int part)
{
	return workers / part > 0 ? workers / part : 1;
}

/*
 * Steps inside, then looks around: two that step in together may both step
 * back, but never more than the limit stay.
 */
static int
try_enter(struct gate *g, int worker)
{
	atomic_store(&g->places[worker], INSIDE);
	if (count(g, INSIDE) <= limit(g->workers, 4))
		return 0;
	atomic_store(&g->places[worker], WAITING);
	return -1;
}

int
gate_enter(struct gate *g, int worker, struct err *e)
{
	int64_t until = time_mono_ms() + GATE_WAIT_MS;

	if (try_enter(g, worker) == 0)
		return 0;
	while (count(g, WAITING) <= limit(g->workers, 2) &&
	       time_mono_ms() < until) {
		/* Workers that stepped back together part by their number. */
		struct timespec t = {.tv_nsec =
					     LOOK_AGAIN_NS + worker * 100000L};

		nanosleep(&t, NULL);
		if (count(g, INSIDE) < limit(g->workers, 4) &&
		    try_enter(g, worker) == 0)
			return 0;
	}
	atomic_store(&g->places[worker], OUTSIDE);
	return err_set(e, ERR_OVERLOADED,
		       "too many sandboxes are being made or destroyed");
}

void
gate_leave(struct gate *g, int worker)
{
	atomic_store(&g->places[worker], OUTSIDE);
}

void
gate_reap(struct gate *g, int worker)
{
	gate_leave(g, worker);
}
