/*
 * vmctl's protocol: SOCK_SEQPACKET, one JSON object a packet, at most 64 KiB.
 * Request: {"id":n,"op":name,"args":{...}}. Reply: {"id":n,"ok":{...}} or
 * {"id":n,"error":{"code":...,"message":...}}; a descriptor rides on the reply.
 * No argument is a path.
 */
#pragma once

#include "field.h"

#define VMCTL_PACKET_MAX 65536
#define VMCTL_LIST_PAGE 100

enum vmctl_role { /* by the peer's uid */
		  ROLE_API = 1,
		  ROLE_GATEWAY = 2,
		  ROLE_KEEPER = 4,
		  ROLE_OPERATOR = 8,
		  ROLE_ANY = 15,
};

#define VMCTL_MUTATES 1u /* carries op_id, fenced */
#define VMCTL_GIVES_FD 2u
#define VMCTL_HOST 4u /* about the host: names no VM */

enum vmctl_state {
#define VMCTL_STATE(name) VMCTL_STATE_##name,
#include "vmctl.def"
#undef VMCTL_STATE
	VMCTL_STATE_COUNT
};

enum vmctl_op {
#define VMCTL_OP(name, roles, states, flags, deadline) VMCTL_OP_##name,
#include "vmctl.def"
#undef VMCTL_OP
	VMCTL_OP_COUNT
};

struct vmctl_op_row {
	const char *name;
	unsigned roles;	 /* enum vmctl_role */
	unsigned states; /* bits 1 << enum vmctl_state */
	unsigned flags;
	int deadline_ms;
	const struct field_table *args;
	const struct field_table *reply;
};

extern const struct vmctl_op_row vmctl_ops[VMCTL_OP_COUNT];

const char *vmctl_state_name(enum vmctl_state s);
/* -1 when unknown. */
int vmctl_state_from_name(const char *name);
const char *vmctl_role_name(enum vmctl_role r);

#define VMCTL_REQUEST_FIELDS(F, S) \
	F(S, INT, id, 0, INT64_MAX, FIELD_REQUIRED) \
	F(S, STR, op, 1, 32, FIELD_REQUIRED) \
	F(S, OBJ, args, 0, 32, FIELD_REQUIRED)
FIELDS_DECLARE(vmctl_request, VMCTL_REQUEST_FIELDS)

#define VMCTL_REPLY_FIELDS(F, S) \
	F(S, INT, id, 0, INT64_MAX, FIELD_REQUIRED) \
	F(S, OBJ, ok, 0, 32, 0) \
	F(S, OBJ, error, 0, 8, 0)
FIELDS_DECLARE(vmctl_reply, VMCTL_REPLY_FIELDS)

#define VMCTL_ERROR_FIELDS(F, S) \
	F(S, STR, code, 1, 64, FIELD_REQUIRED) \
	F(S, STR, message, 0, 512, FIELD_REQUIRED)
FIELDS_DECLARE(vmctl_error, VMCTL_ERROR_FIELDS)

/* create: repeated with the same op_id it answers the same. The VMM has
 * started when it answers; the guest still boots. */
#define VMCTL_CREATE_ARGS(F, S) \
	F(S, STR, sandbox, 21, 21, FIELD_REQUIRED) \
	F(S, INT, op_id, 1, INT64_MAX, FIELD_REQUIRED) \
	F(S, STR, template, 1, 32, FIELD_REQUIRED) /* a name, [a-z0-9-] */ \
	F(S, INT, cpus, 1, 8, FIELD_REQUIRED) \
	F(S, INT, memory_mb, 128, 8192, FIELD_REQUIRED) \
	F(S, INT, disk_gb, 1, 50, FIELD_REQUIRED) \
	F(S, STR, network_mode, 1, 16, 0) /* absent: none */ \
	F(S, ARR, allowlist, 0, 256, 0)	  /* host names; see allowlist.h */
FIELDS_DECLARE(vmctl_create_args, VMCTL_CREATE_ARGS)

#define VMCTL_DESTROY_ARGS(F, S) \
	F(S, STR, sandbox, 21, 21, FIELD_REQUIRED) \
	F(S, INT, op_id, 1, INT64_MAX, FIELD_REQUIRED)
FIELDS_DECLARE(vmctl_destroy_args, VMCTL_DESTROY_ARGS)

/* set_network: takes effect at once, for open connections too: they end. */
#define VMCTL_SET_NETWORK_ARGS(F, S) \
	F(S, STR, sandbox, 21, 21, FIELD_REQUIRED) \
	F(S, INT, op_id, 1, INT64_MAX, FIELD_REQUIRED) \
	F(S, STR, network_mode, 1, 16, FIELD_REQUIRED) \
	F(S, ARR, allowlist, 0, 256, 0)
FIELDS_DECLARE(vmctl_set_network_args, VMCTL_SET_NETWORK_ARGS)

#define VMCTL_SANDBOX_ARGS(F, S) F(S, STR, sandbox, 21, 21, FIELD_REQUIRED)
FIELDS_DECLARE(vmctl_sandbox_args, VMCTL_SANDBOX_ARGS)

#define VMCTL_LIST_ARGS(F, S) \
	F(S, STR, after, 21, 21, 0) /* the last id of the page before */
FIELDS_DECLARE(vmctl_list_args, VMCTL_LIST_ARGS)

#define VMCTL_NO_ARGS(F, S) F(S, BOOL, unused, 0, 0, 0)
FIELDS_DECLARE(vmctl_no_args, VMCTL_NO_ARGS)

/* One VM: the reply of create, set_network and stat, an element of list's `vms`. */
#define VMCTL_VM_FIELDS(F, S) \
	F(S, STR, sandbox, 21, 21, FIELD_REQUIRED) \
	F(S, STR, state, 1, 16, FIELD_REQUIRED)	       /* a VMCTL_STATE */ \
	F(S, INT, op_id, 0, INT64_MAX, FIELD_REQUIRED) /* highest seen */ \
	F(S, INT, boot, 0, INT64_MAX, \
	  FIELD_REQUIRED) /* op_id that booted this VMM */ \
	F(S, INT, pid, 0, INT64_MAX, \
	  FIELD_REQUIRED) /* 0 when there is no VMM */ \
	F(S, INT, uid, 0, INT64_MAX, FIELD_REQUIRED) \
	F(S, STR, accel, 0, 8, 0)	       /* kvm | tcg | fake */ \
	F(S, STR, exit_cause, 0, 128, 0)       /* when exited: why */ \
	F(S, INT, disk_bytes, 0, INT64_MAX, 0) /* allocated on the host */ \
	F(S, INT, rss_bytes, 0, INT64_MAX, 0) \
	F(S, INT, cpu_us, 0, INT64_MAX, 0) \
	F(S, STR, network_mode, 1, 16, 0) \
	F(S, STR, ip, 7, 15, 0) /* of the uplink: unique on this host */ \
	F(S, INT, sent_bytes, 0, INT64_MAX, \
	  0) /* by the guest, counted outside */ \
	F(S, INT, received_bytes, 0, INT64_MAX, 0)
FIELDS_DECLARE(vmctl_vm, VMCTL_VM_FIELDS)

#define VMCTL_EMPTY_REPLY(F, S) F(S, BOOL, done, 0, 0, 0)
FIELDS_DECLARE(vmctl_empty_reply, VMCTL_EMPTY_REPLY)

#define VMCTL_LIST_REPLY(F, S) \
	F(S, ARR, vms, 0, VMCTL_LIST_PAGE, \
	  FIELD_REQUIRED) /* tombstones left out */ \
	F(S, BOOL, more, 0, 0, FIELD_REQUIRED)
FIELDS_DECLARE(vmctl_list_reply, VMCTL_LIST_REPLY)

#define VMCTL_HOST_INFO(F, S) \
	F(S, STR, host, 1, 64, FIELD_REQUIRED) \
	F(S, STR, driver, 1, 16, FIELD_REQUIRED) /* qemu | fake */ \
	F(S, STR, accel, 1, 8, FIELD_REQUIRED)	 /* kvm | tcg | fake */ \
	F(S, STR, vmm_version, 0, 64, FIELD_REQUIRED) \
	F(S, STR, host_kernel, 1, 128, FIELD_REQUIRED) \
	F(S, INT, cpus, 1, 4096, FIELD_REQUIRED) \
	F(S, INT, memory_bytes, 0, INT64_MAX, FIELD_REQUIRED) \
	F(S, INT, memory_available_bytes, 0, INT64_MAX, FIELD_REQUIRED) \
	F(S, INT, disk_free_bytes, 0, INT64_MAX, FIELD_REQUIRED) \
	F(S, INT, vms, 0, 100000, FIELD_REQUIRED) \
	F(S, ARR, templates, 0, 64, \
	  FIELD_REQUIRED) /* names that can be created */
FIELDS_DECLARE(vmctl_host_info, VMCTL_HOST_INFO)
