#include "vmctl_proto.h"

#include <string.h>

FIELDS_DEFINE(vmctl_request, VMCTL_REQUEST_FIELDS)
FIELDS_DEFINE(vmctl_reply, VMCTL_REPLY_FIELDS)
FIELDS_DEFINE(vmctl_error, VMCTL_ERROR_FIELDS)
FIELDS_DEFINE(vmctl_create_args, VMCTL_CREATE_ARGS)
FIELDS_DEFINE(vmctl_destroy_args, VMCTL_DESTROY_ARGS)
FIELDS_DEFINE(vmctl_set_network_args, VMCTL_SET_NETWORK_ARGS)
FIELDS_DEFINE(vmctl_switch_args, VMCTL_SWITCH_ARGS)
FIELDS_DEFINE(vmctl_sandbox_args, VMCTL_SANDBOX_ARGS)
FIELDS_DEFINE(vmctl_list_args, VMCTL_LIST_ARGS)
FIELDS_DEFINE(vmctl_no_args, VMCTL_NO_ARGS)
FIELDS_DEFINE(vmctl_vm, VMCTL_VM_FIELDS)
FIELDS_DEFINE(vmctl_empty_reply, VMCTL_EMPTY_REPLY)
FIELDS_DEFINE(vmctl_list_reply, VMCTL_LIST_REPLY)
FIELDS_DEFINE(vmctl_host_info, VMCTL_HOST_INFO)

/* The records of each operation; a row without them does not compile. */
#define ARGS_create &vmctl_create_args_fields
#define ARGS_destroy &vmctl_destroy_args_fields
#define ARGS_set_network &vmctl_set_network_args_fields
#define ARGS_pause &vmctl_switch_args_fields
#define ARGS_resume &vmctl_switch_args_fields
#define ARGS_stat &vmctl_sandbox_args_fields
#define ARGS_open_channel &vmctl_sandbox_args_fields
#define ARGS_list &vmctl_list_args_fields
#define ARGS_host_info &vmctl_no_args_fields

#define REPLY_create &vmctl_vm_fields
#define REPLY_destroy &vmctl_empty_reply_fields
#define REPLY_set_network &vmctl_vm_fields
#define REPLY_pause &vmctl_vm_fields
#define REPLY_resume &vmctl_vm_fields
#define REPLY_stat &vmctl_vm_fields
#define REPLY_open_channel &vmctl_empty_reply_fields
#define REPLY_list &vmctl_list_reply_fields
#define REPLY_host_info &vmctl_host_info_fields

const struct vmctl_op_row vmctl_ops[VMCTL_OP_COUNT] = {
#define S(state) (1u << VMCTL_STATE_##state)
#define VMCTL_OP(name, roles, states, flags, deadline) \
	[VMCTL_OP_##name] = {#name,	 (roles),     (states),	   (flags), \
			     (deadline), ARGS_##name, REPLY_##name},
#include "vmctl.def"
#undef VMCTL_OP
#undef S
};

static const char *const state_names[VMCTL_STATE_COUNT] = {
#define VMCTL_STATE(name) [VMCTL_STATE_##name] = #name,
#include "vmctl.def"
#undef VMCTL_STATE
};

const char *
vmctl_state_name(enum vmctl_state s)
{
	return s < VMCTL_STATE_COUNT ? state_names[s] : "unknown";
}

int
vmctl_state_from_name(const char *name)
{
	for (int i = 0; i < VMCTL_STATE_COUNT; i++)
		if (strcmp(state_names[i], name) == 0)
			return i;
	return -1;
}

const char *
vmctl_role_name(enum vmctl_role r)
{
	static const struct {
		enum vmctl_role role;
		const char *name;
	} roles[] = {
		{ROLE_API, "api"},	 {ROLE_GATEWAY, "gateway"},
		{ROLE_KEEPER, "keeper"}, {ROLE_OPERATOR, "operator"},
		{ROLE_ANY, "any"},
	};

	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		if (roles[i].role == r)
			return roles[i].name;
	return "unknown";
}
