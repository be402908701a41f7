/* A sandbox's network whose row was changed, but of which vmctl does not know
 * yet: whoever wrote the row died, or vmctl was away. */
#include <string.h>

#include "auto.h"
#include "err.h"
#include "keeper/fleet.h"
#include "keeper/keeper.h"
#include "log.h"
#include "model/sandbox.h"
#include "store/store_sandbox.h"
#include "store/store_sandbox_network.h"
#include "vmctl_client.h"

static int
repeat(struct keeper *k, const struct sandbox *s, struct err *e)
{
	auto_json json_t *names = NULL;
	struct vmctl_set_network_args a = {
		.sandbox = s->id,
		.has_sandbox = true,
		.op_id = s->op_id,
		.has_op_id = true,
		.network_mode = s->network_mode,
		.has_network_mode = true,
	};
	struct vmctl_vm vm;

	if (strcmp(s->network_mode, "allowlist") == 0)
		a.allowlist = names = sandbox_allowlist(s);
	a.has_allowlist = names != NULL;
	if (vmctl_set_network(k->vmctl, &a, &vm, e) < 0)
		return -1;
	log_info("network set", "sandbox", s->id, "mode", s->network_mode);
	return store_sandbox_ip(k->store, s->id, vm.has_ip ? vm.ip : "", e);
}

/* Of a running sandbox only a change of its network raises op_id. */
static bool
is_behind(const struct fleet_pair *p)
{
	return p->row == SANDBOX_running && p->vm == VMCTL_STATE_running &&
	       p->vm_op_id < p->op_id;
}

/* What is wanted now, which may be newer than the fleet. */
static int
catch_up(struct keeper *k, const struct fleet_pair *p, struct err *e)
{
	struct sandbox s;

	if (store_sandbox_get(k->store, NULL, p->id, &s, e) < 0)
		return -1;
	return s.state == SANDBOX_running ? repeat(k, &s, e) : 0;
}

/* One that fails must not keep the others waiting. */
int
step_network(struct keeper *k, const struct fleet *f, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < f->count && !*k->stop; i++) {
		if (is_behind(&f->pairs[i]) &&
		    catch_up(k, &f->pairs[i], e) < 0) {
			rc = err_wrap(e, "network of %s", f->pairs[i].id);
			if (e->code == ERR_DATABASE_UNAVAILABLE ||
			    e->code == ERR_VMCTL_UNAVAILABLE)
				break;
		}
	}
	return rc;
}
