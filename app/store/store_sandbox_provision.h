/* A sandbox that is being made ready: who works at it, and what came of it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

#define STORE_RENEW_BATCH 64

struct store_renew {
	const char *sandbox;
	int64_t op_id; /* must be the row's */
};
/* Moves the leases of creates to lease_s from now; others are left alone. At
 * most STORE_RENEW_BATCH of them. */
int store_sandbox_renew(struct store *s, const struct store_renew *list,
			size_t n, const char *owner, int64_t lease_s,
			struct err *e);
/* `steps` is a JSON array. Does nothing when the create is over. */
int store_sandbox_provision(struct store *s, const char *sandbox, int64_t op_id,
			    const char *steps, struct err *e);
