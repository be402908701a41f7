/* PATCH /v1/sandboxes/{id}: its body. */
#pragma once

#include "field.h"
#include "req.h"

struct err;
struct sandbox;

#define REQ_PATCH_FIELDS(F, S) \
	F(S, STR, name, 0, 128, 0) \
	F(S, OBJ, metadata, 0, REQ_METADATA_MAX, 0) \
	F(S, INT, timeout, 0, REQ_TIMEOUT_MAX, 0) \
	F(S, NUM, budget, 0, 1000000, FIELD_NULLABLE) \
	F(S, NUM, budget_usd, 0, 1000000, FIELD_NULLABLE) \
	F(S, ARR, allowlist, 0, 256, FIELD_NULLABLE) \
	F(S, STR, network_mode, 1, 16, FIELD_NULLABLE)
FIELDS_DECLARE(req_patch, REQ_PATCH_FIELDS)

/* Pointers are borrowed from `body`. Absent fields keep their value; metadata
 * replaces the whole map. */
int req_patch_read(json_t *body, struct req_patch *out, struct err *e);
/* Applies what is set, but for the network, to the row in memory. */
int req_patch_apply(const struct req_patch *r, struct sandbox *s,
		    struct err *e);
