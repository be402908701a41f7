/* POST /v1/account/keys: its body. */
#pragma once

#include "field.h"

struct err;

#define REQ_KEY_FIELDS(F, S) \
	F(S, STR, name, 0, 128, FIELD_NULLABLE) \
	F(S, STR, scope, 1, 16, FIELD_NULLABLE) \
	F(S, STR, expires_at, 1, 40, FIELD_NULLABLE)
FIELDS_DECLARE(req_key, REQ_KEY_FIELDS)

/* Pointers are borrowed from `body`; the scope's name is for the caller to
 * check. *out_expires_us: since 1970, in the future; 0 for never. */
int req_key_read(json_t *body, struct req_key *out, int64_t *out_expires_us,
		 struct err *e);
