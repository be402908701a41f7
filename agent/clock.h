/* Fresh time and randomness from the host. Both need root. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct err;

int clock_set(int64_t realtime_us, struct err *e);
/* Counts as full entropy, and reseeds the kernel's generator at once: a clone's
 * would give its twin's bytes until its next own reseed. */
int clock_add_entropy(const void *p, size_t n, struct err *e);
