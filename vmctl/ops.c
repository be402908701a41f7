#include "ops.h"

#include <fcntl.h>

#include "auto.h"
#include "err.h"
#include "host.h"
#include "host_info.h"
#include "life.h"
#include "life_net.h"
#include "life_switch.h"
#include "request.h"
#include "vm.h"
#include "vm_json.h"

void
ops_create(struct host *h, struct vm *vm, struct request *r)
{
	struct err e;

	/* The row lets `running` in for repeats, which end before this. */
	if (vm && vm->st.state == VMCTL_STATE_running) {
		err_set(&e, ERR_WRONG_STATE, "create: the VM is running");
		request_failed(r, &e);
		return;
	}
	life_create(h, r);
}

void
ops_destroy(struct host *h, struct vm *vm, struct request *r)
{
	life_destroy(h, vm, r);
}

void
ops_set_network(struct host *h, struct vm *vm, struct request *r)
{
	life_net_set(h, vm, r);
}

void
ops_pause(struct host *h, struct vm *vm, struct request *r)
{
	life_switch_set(h, vm, r);
}

void
ops_resume(struct host *h, struct vm *vm, struct request *r)
{
	life_switch_set(h, vm, r);
}

void
ops_stat(struct host *h, struct vm *vm, struct request *r)
{
	request_done(r, vm ? vm_json(h, vm) : vm_json_absent(r->sandbox), -1);
}

void
ops_open_channel(struct host *h, struct vm *vm, struct request *r)
{
	life_open_channel(h, vm, r);
}

static int
add_vm(json_t *vms, const struct host *h, const struct vm *vm)
{
	return json_array_append_new(vms, vm_json(h, vm));
}

void
ops_list(struct host *h, struct vm *none, struct request *r)
{
	const struct vmctl_list_args *a = &r->args.list;
	size_t i = vm_table_after(&h->vms, a->has_after ? a->after : NULL);
	json_t *vms = json_array();
	struct vmctl_list_reply reply = {
		.vms = vms, .has_vms = true, .has_more = true};

	(void)none;
	for (; i < h->vms.count; i++) {
		const struct vm *vm = h->vms.vms[i];

		if (!vm_state_holds(&vm->st))
			continue;
		if (json_array_size(vms) == VMCTL_LIST_PAGE) {
			reply.more = true;
			break;
		}
		if (add_vm(vms, h, vm) < 0)
			break;
	}
	request_done(r, field_write(&vmctl_list_reply_fields, &reply), -1);
	json_decref(vms);
}

void
ops_host_info(struct host *h, struct vm *none, struct request *r)
{
	(void)none;
	request_done(r, host_info_json(h), -1);
}
