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

/* One that fails must not keep the others from being mended. */
int
step_reconcile(struct keeper *k, const struct fleet *f, struct err *e)
{
	int64_t now_ms = time_mono_ms();
	int failed = 0, done = 0;

	for (size_t i = 0; i < f->count && done < ACTIONS_MAX && !*k->stop;
	     i++) {
		enum decide_action action =
			decide_pair(k, &f->pairs[i], now_ms);
		struct err why = {0};

		if (action == DECIDE_NONE)
			continue;
		done++;
		if (mend(k, action, &f->pairs[i], &why) == 0)
			continue;
		log_warn("cannot mend", "action", decide_action_name(action),
			 "sandbox", f->pairs[i].id, "error", why.msg);
		*e = why;
		failed++;
		if (why.code == ERR_DATABASE_UNAVAILABLE ||
		    why.code == ERR_VMCTL_UNAVAILABLE)
			break;
	}
	if (done < ACTIONS_MAX)
		watch_forget(&k->watch, now_ms);
	return failed ? err_wrap(e, "%d sandboxes are not mended", failed) : 0;
}
