/* One keeper: what its steps share. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "conf.h"
#include "keeper/watch.h"

struct err;
struct fleet;
struct store;
struct vmctl;

struct keeper {
	struct conf conf;
	struct store *store;
	struct vmctl *vmctl;
	char owner[80]; /* "keeper:<host>" */
	struct watch watch;
	volatile const bool *stop; /* a signal came: end soon */
};

/* 0, or -1 with an error that the tick logs; the step comes again in time. */
typedef int step_fn(struct keeper *k, const struct fleet *f, struct err *e);

#define STEP(name, period, fleet) step_fn step_##name;
#include "keeper/steps.def"
#undef STEP
