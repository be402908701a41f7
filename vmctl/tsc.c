#include "tsc.h"

#include <time.h>
#include <x86intrin.h>

#define SPAN_NS 50000000
#define TRIES 32

struct sample {
	int64_t ns;
	uint64_t tsc;
};

static int64_t
raw_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* The tightest of several brackets, so that a preemption does not count. */
static struct sample
take(void)
{
	struct sample best = {0};
	int64_t width = INT64_MAX;

	for (int i = 0; i < TRIES; i++) {
		int64_t before = raw_ns();
		uint64_t tsc = __rdtsc();
		int64_t after = raw_ns();

		if (after - before >= width)
			continue;
		width = after - before;
		best.ns = before + width / 2;
		best.tsc = tsc;
	}
	return best;
}

int64_t
tsc_khz(void)
{
	const struct timespec span = {.tv_nsec = SPAN_NS};
	struct sample a = take(), b;
	int64_t ns;

	nanosleep(&span, NULL);
	b = take();
	ns = b.ns - a.ns;
	if (ns <= 0 || b.tsc <= a.tsc)
		return 0;
	/* counts per ns times a million: counts per ms, so kHz */
	return (int64_t)(((__int128)(b.tsc - a.tsc) * 1000000 + ns / 2) / ns);
}
