#include "keeper/decide.h"

#include <assert.h>

#define VM(name) (1u << VMCTL_STATE_##name)
#define VM_NONE (VM(absent) | VM(destroyed))
#define VM_LIVES (VM(running) | VM(paused))
#define VM_MADE (VM(creating) | VM_LIVES | VM(exited))
#define VM_ANY ((1u << VMCTL_STATE_COUNT) - 1)

/* A VM that is gone from vmctl's list, and not by an exit that vmctl saw, may
 * be gone because a destroy is under way whose row we read a moment too early.
 */
#define LOST_MS 5000
/* A row is committed before its VM is made and goes after it; so this waits
 * only for what is on its way. */
#define ORPHAN_MS 10000
/* vmctl's own child has a deadline of 5 s. */
#define ORPHAN_BUSY_MS 30000

struct rule {
	int row;
	unsigned vms; /* bits 1 << enum vmctl_state */
	enum decide_action action;
	bool lease_over; /* wanted; false: whether it is or not */
	int64_t age_ms;
};

static const struct rule rules[] = {
	{SANDBOX_creating, VM_ANY, DECIDE_UNDO, true, 0},
	{SANDBOX_running, VM(exited), DECIDE_FAIL, false, 0},
	{SANDBOX_running, VM_NONE, DECIDE_FAIL, false, LOST_MS},
	{SANDBOX_pausing, VM_LIVES, DECIDE_PAUSE, true, 0},
	{SANDBOX_pausing, VM(exited), DECIDE_FAIL, false, 0},
	{SANDBOX_pausing, VM_NONE, DECIDE_FAIL, false, LOST_MS},
	{SANDBOX_paused, VM(exited), DECIDE_FAIL, false, 0},
	{SANDBOX_paused, VM_NONE, DECIDE_FAIL, false, LOST_MS},
	{SANDBOX_resuming, VM_LIVES, DECIDE_REPAUSE, true, 0},
	{SANDBOX_resuming, VM(exited), DECIDE_FAIL, false, 0},
	{SANDBOX_resuming, VM_NONE, DECIDE_FAIL, false, LOST_MS},
	{SANDBOX_destroying, VM_ANY, DECIDE_FINISH, true, 0},
	{SANDBOX_destroyed, VM_MADE, DECIDE_ORPHAN, false, ORPHAN_MS},
	{SANDBOX_destroyed, VM(destroying), DECIDE_ORPHAN, false,
	 ORPHAN_BUSY_MS},
	{DECIDE_NO_ROW, VM_MADE, DECIDE_ORPHAN, false, ORPHAN_MS},
	{DECIDE_NO_ROW, VM(destroying), DECIDE_ORPHAN, false, ORPHAN_BUSY_MS},
};
#define RULE_COUNT (sizeof(rules) / sizeof(rules[0]))

const char *
decide_action_name(enum decide_action a)
{
	static const char *const names[] = {
		[DECIDE_NONE] = "none",	      [DECIDE_FAIL] = "fail",
		[DECIDE_UNDO] = "undo",	      [DECIDE_FINISH] = "finish",
		[DECIDE_ORPHAN] = "orphan",   [DECIDE_PAUSE] = "pause",
		[DECIDE_REPAUSE] = "repause",
	};

	assert(a < DECIDE_ACTION_COUNT);
	return names[a];
}

enum decide_action
decide(const struct decide_facts *f)
{
	for (size_t i = 0; i < RULE_COUNT; i++) {
		const struct rule *r = &rules[i];

		if (r->row == f->row && (r->vms & (1u << f->vm)) &&
		    (!r->lease_over || f->lease_over) && f->age_ms >= r->age_ms)
			return r->action;
	}
	return DECIDE_NONE;
}

bool
decide_normal(int row, enum vmctl_state vm)
{
	for (size_t i = 0; i < RULE_COUNT; i++) {
		const struct rule *r = &rules[i];

		if (r->row == row && (r->vms & (1u << vm)) && r->age_ms > 0)
			return false;
	}
	return true;
}
