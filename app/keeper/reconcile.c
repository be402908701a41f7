/* Rows against VMs, lease by lease. */
#include "err.h"
#include "keeper/decide.h"
#include "keeper/fleet.h"
#include "keeper/keeper.h"
#include "keeper/mend.h"
#include "log.h"
#include "timeutil.h"

/* An action may take as long as vmctl's deadline; the rest waits for the next
 * tick, so that the host's sign of life comes in time. */
#define ACTIONS_MAX 32
#define AGAIN_MS 10000

static enum decide_action
decide_pair(struct keeper *k, const struct fleet_pair *p, int64_t now_ms)
{
	struct decide_facts f = {
		.row = p->row,
		.vm = p->vm,
		.lease_over = p->lease_over,
	};

	if (!decide_normal(p->row, p->vm))
		f.age_ms = watch_age_ms(
			&k->watch, p->id,
			(p->row + 1) * VMCTL_STATE_COUNT + (int)p->vm, now_ms);
	return decide(&f);
}

static bool
is_outage(const struct err *e)
{
	return e->code == ERR_DATABASE_UNAVAILABLE ||
	       e->code == ERR_VMCTL_UNAVAILABLE;
}

/* What cannot be mended is tried again in a while, and said again then. */
static int
try_to_mend(struct keeper *k, enum decide_action action,
	    const struct fleet_pair *p, int64_t now_ms, struct err *e)
{
	if (mend(k, action, p, e) == 0)
		return 0;
	log_warn("cannot mend", "action", decide_action_name(action), "sandbox",
		 p->id, "error", e->msg);
	if (!is_outage(e))
		watch_snooze(&k->watch, p->id, now_ms, now_ms + AGAIN_MS);
	return -1;
}

/* One that fails must not keep the others from being mended; only an outage
 * ends the round. */
int
step_reconcile(struct keeper *k, const struct fleet *f, struct err *e)
{
	int64_t now_ms = time_mono_ms();
	int done = 0;

	for (size_t i = 0; i < f->count && done < ACTIONS_MAX && !*k->stop;
	     i++) {
		const struct fleet_pair *p = &f->pairs[i];
		enum decide_action action = decide_pair(k, p, now_ms);
		struct err why = {0};

		if (action == DECIDE_NONE ||
		    watch_snoozed(&k->watch, p->id, now_ms))
			continue;
		done++;
		if (try_to_mend(k, action, p, now_ms, &why) < 0 &&
		    is_outage(&why)) {
			*e = why;
			return -1;
		}
	}
	if (done < ACTIONS_MAX)
		watch_forget(&k->watch, now_ms);
	return 0;
}
