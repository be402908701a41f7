#include "sandbox.h"

#include <assert.h>
#include <string.h>

struct state_row {
	const char *name;
	const char *status;
	bool transient;
	bool counts;
};

static const struct state_row states[SANDBOX_STATE_COUNT] = {
#define SANDBOX_STATE(name, status, transient, counts) \
	[SANDBOX_##name] = {#name, #status, transient, counts},
#include "sandbox_state.def"
#undef SANDBOX_STATE
};

static const bool moves[SANDBOX_STATE_COUNT][SANDBOX_STATE_COUNT] = {
#define SANDBOX_MOVE(from, to) [SANDBOX_##from][SANDBOX_##to] = true,
#include "sandbox_state.def"
#undef SANDBOX_MOVE
};

static const struct state_row *
state_row(enum sandbox_state s)
{
	assert(s >= 0 && s < SANDBOX_STATE_COUNT);
	return &states[s];
}

const char *
sandbox_state_name(enum sandbox_state s)
{
	return state_row(s)->name;
}

int
sandbox_state_from_name(const char *name)
{
	for (int i = 0; i < SANDBOX_STATE_COUNT; i++)
		if (strcmp(states[i].name, name) == 0)
			return i;
	return -1;
}

const char *
sandbox_state_status(enum sandbox_state s)
{
	return state_row(s)->status;
}

bool
sandbox_state_transient(enum sandbox_state s)
{
	return state_row(s)->transient;
}

bool
sandbox_state_counts(enum sandbox_state s)
{
	return state_row(s)->counts;
}

bool
sandbox_state_alive(enum sandbox_state s)
{
	return s == SANDBOX_running || s == SANDBOX_pausing ||
	       s == SANDBOX_paused || s == SANDBOX_resuming;
}

bool
sandbox_move_legal(enum sandbox_state from, enum sandbox_state to)
{
	assert(from < SANDBOX_STATE_COUNT && to < SANDBOX_STATE_COUNT);
	return moves[from][to];
}
