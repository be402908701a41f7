/* The handlers of vmctl.def's rows. Each takes the request over; the VM is in
 * a state that the row allows, NULL when it was never seen here. */
#pragma once

struct host;
struct request;
struct vm;

typedef void ops_fn(struct host *h, struct vm *vm, struct request *r);

#define VMCTL_OP(name, roles, states, flags, deadline) ops_fn ops_##name;
#include "vmctl.def"
#undef VMCTL_OP
