#include "fence.h"

#include <inttypes.h>

#include "err.h"
#include "vm_state.h"

int
fence_role(enum vmctl_op op, unsigned roles, struct err *e)
{
	if (vmctl_ops[op].roles & roles)
		return 0;
	return err_set(e, ERR_POLICY_DENIED, "%s is not for this user",
		       vmctl_ops[op].name);
}

int
fence_state(const struct vm_state *st, enum vmctl_op op, struct err *e)
{
	/* What a refusal means to the asker, by the VM's state. */
	static const struct {
		enum err_code code;
		const char *text;
	} refusal[VMCTL_STATE_COUNT] = {
		[VMCTL_STATE_absent] = {ERR_SANDBOX_NOT_FOUND, "unknown here"},
		[VMCTL_STATE_creating] = {ERR_SANDBOX_NOT_RUNNING, "creating"},
		[VMCTL_STATE_running] = {ERR_WRONG_STATE, "running"},
		[VMCTL_STATE_paused] = {ERR_SANDBOX_PAUSED, "paused"},
		[VMCTL_STATE_exited] = {ERR_GUEST_GONE, "exited"},
		[VMCTL_STATE_destroying] = {ERR_SANDBOX_NOT_RUNNING,
					    "destroying"},
		[VMCTL_STATE_destroyed] = {ERR_SANDBOX_DESTROYED, "destroyed"},
	};

	if (vmctl_ops[op].states & (1u << st->state))
		return 0;
	return err_set(e, refusal[st->state].code, "%s: the VM is %s",
		       vmctl_ops[op].name, refusal[st->state].text);
}

enum fence_verdict
fence_judge(const struct vm_state *st, enum vmctl_op op, int64_t op_id,
	    struct err *e)
{
	if (op_id < st->op_id || (op_id == st->op_id && op != st->op)) {
		err_set(e, ERR_STALE_OPERATION,
			"operation %" PRId64 " was seen already", st->op_id);
		return FENCE_REFUSE;
	}
	if (op_id == st->op_id && st->done)
		return FENCE_REPEAT;
	return fence_state(st, op, e) < 0 ? FENCE_REFUSE : FENCE_RUN;
}
