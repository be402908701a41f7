/* A sandbox's network in its row. */
#pragma once

#include "model/sandbox.h"
#include "store/store.h"

/*
 * Writes network_mode and allowlist of `wanted`, and the next op_id, into a
 * running sandbox that still has wanted's op_id. Then: vmctl_set_network with
 * *out_op_id; the keeper repeats that when nobody does. SANDBOX_NOT_FOUND,
 * SANDBOX_DESTROYED, SANDBOX_NOT_RUNNING, or OVERLOADED when somebody else
 * changed it meanwhile.
 */
int store_sandbox_network(struct store *s, const struct sandbox *wanted,
			  int64_t *out_op_id, struct err *e);
/* The address that vmctl gave it; "" for none. */
int store_sandbox_ip(struct store *s, const char *id, const char *ip,
		     struct err *e);
