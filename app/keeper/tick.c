#include "keeper/tick.h"

#include <stdbool.h>
#include <string.h>

#include "keeper/fleet.h"
#include "keeper/keeper.h"
#include "log.h"

struct step {
	const char *name;
	int64_t period_ms;
	bool needs_fleet;
	step_fn *run;
};

static const struct step steps[] = {
#define STEP(name, period, fleet) {#name, period, fleet, step_##name},
#include "keeper/steps.def"
#undef STEP
};
#define STEP_COUNT (sizeof(steps) / sizeof(steps[0]))
_Static_assert(STEP_COUNT <= TICK_STEPS_MAX, "a step has no place");
#define FLEET TICK_STEPS_MAX

/* An outage is one line when it begins and one when it ends. */
static void
note(struct tick *t, size_t i, const struct err *e)
{
	const char *name = i == FLEET ? "fleet" : steps[i].name;
	enum err_code before = t->trouble[i];

	t->trouble[i] = e ? e->code : ERR_NONE;
	if (e && e->code != before)
		log_warn("a step fails", "step", name, "error", e->msg);
	if (!e && before != ERR_NONE)
		log_info("a step works again", "step", name);
}

static bool
fleet_due(const struct tick *t, int64_t now_ms)
{
	for (size_t i = 0; i < STEP_COUNT; i++) {
		if (steps[i].needs_fleet && t->next_ms[i] <= now_ms)
			return true;
	}
	return false;
}

static bool
take_fleet(struct tick *t, struct keeper *k, struct fleet *out)
{
	struct err e = {0};
	int rc = fleet_read(out, k->store, k->vmctl, k->conf.host, &e);

	note(t, FLEET, rc < 0 ? &e : NULL);
	return rc == 0;
}

void
tick_run(struct tick *t, struct keeper *k, int64_t now_ms)
{
	struct fleet fleet = {0};
	bool have_fleet = fleet_due(t, now_ms) && take_fleet(t, k, &fleet);

	for (size_t i = 0; i < STEP_COUNT && !*k->stop; i++) {
		struct err e = {0};

		if (t->next_ms[i] > now_ms ||
		    (steps[i].needs_fleet && !have_fleet))
			continue;
		t->next_ms[i] = now_ms + steps[i].period_ms;
		note(t, i, steps[i].run(k, &fleet, &e) < 0 ? &e : NULL);
	}
	fleet_fini(&fleet);
}
