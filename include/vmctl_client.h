/*
 * Client stubs of vmctl's operations, one for each row of vmctl.def. Blocking,
 * one call at a time; a connection is kept and made again when it was lost
 * before vmctl read the call. Deadline: the operation's, plus 500 ms for the way.
 */
#pragma once

#include "vmctl_proto.h"

struct vmctl;

/* Never connects by itself: the first call does. `path` is copied. */
struct vmctl *vmctl_new(const char *path);
void vmctl_free(struct vmctl *c);

/*
 * Each: 0, or -1 with the error's code as vmctl named it, VMCTL_UNAVAILABLE
 * when it cannot be reached or does not answer in time (whether the operation
 * took place is then unknown: repeat it with the same op_id).
 * Strings in a reply live until the next call or vmctl_free.
 */
int vmctl_create(struct vmctl *c, const struct vmctl_create_args *a,
		 struct vmctl_vm *out, struct err *e);
int vmctl_destroy(struct vmctl *c, const struct vmctl_destroy_args *a,
		  struct err *e);
int vmctl_set_network(struct vmctl *c, const struct vmctl_set_network_args *a,
		      struct vmctl_vm *out, struct err *e);
int vmctl_pause(struct vmctl *c, const struct vmctl_switch_args *a,
		struct vmctl_vm *out, struct err *e);
int vmctl_resume(struct vmctl *c, const struct vmctl_switch_args *a,
		 struct vmctl_vm *out, struct err *e);
int vmctl_stat(struct vmctl *c, const char *sandbox, struct vmctl_vm *out,
	       struct err *e);
/* An owned, connected stream to the guest's agent port. The connection that
 * was handed out before is closed by the VMM's side. */
int vmctl_open_channel(struct vmctl *c, const char *sandbox, int *out_fd,
		       struct err *e);
/* Calls fn for every VM of the host, in the order of ids, page after page;
 * stops when fn is not 0. fn may make calls of its own. */
int vmctl_list(struct vmctl *c, int (*fn)(void *arg, const struct vmctl_vm *vm),
	       void *arg, struct err *e);
int vmctl_host_info(struct vmctl *c, struct vmctl_host_info *out,
		    struct err *e);
