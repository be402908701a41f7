#include "network.h"

#include <string.h>

#include "api.h"
#include "auto.h"
#include "call.h"
#include "err.h"
#include "gate.h"
#include "model/req_network.h"
#include "model/req_patch.h"
#include "model/sandbox.h"
#include "store/store_sandbox_network.h"
#include "vmctl_client.h"

json_t *
network_names(const struct sandbox *s)
{
	return strcmp(s->network_mode, "allowlist") == 0 ? sandbox_allowlist(s)
							 : json_array();
}

static int
call_vmctl(struct call *c, const struct sandbox *s, int64_t op_id,
	   struct err *e)
{
	auto_json json_t *names = network_names(s);
	struct vmctl_set_network_args a = {
		.sandbox = s->id,
		.has_sandbox = true,
		.op_id = op_id,
		.has_op_id = true,
		.network_mode = s->network_mode,
		.has_network_mode = true,
		.allowlist = names,
		.has_allowlist = names != NULL,
	};
	struct vmctl_vm vm;

	if (vmctl_set_network(c->api->vmctl, &a, &vm, e) < 0)
		return -1;
	return store_sandbox_ip(c->api->store, s->id, vm.has_ip ? vm.ip : "",
				e);
}

int
network_patch(struct call *c, const struct req_patch *r, struct sandbox *s,
	      struct err *e)
{
	struct api *a = c->api;
	int64_t op_id;
	int rc;

	if (!r->has_network_mode && !r->has_allowlist)
		return 0;
	if (req_network_apply(r->has_network_mode ? r->network_mode : NULL,
			      r->has_allowlist ? r->allowlist : NULL, s, e) < 0)
		return -1;
	if (gate_enter(a->gate, a->worker, e))
		return -1;
	rc = store_sandbox_network(a->store, s, &op_id, e);
	if (rc == 0)
		rc = call_vmctl(c, s, op_id, e);
	gate_leave(a->gate, a->worker);
	return rc;
}
