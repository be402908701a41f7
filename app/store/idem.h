/* Idempotency rows inside a transaction. Only app/store includes this. */
#pragma once

#include "store/store_idempotency.h"

/* The four cells of a problem, or of a success when `problem` is NULL. */
#define IDEM_OUTCOME(status, problem) \
	cell_int(status), \
		cell_text((problem) ? err_name((problem)->code) : ""), \
		cell_text((problem) ? (problem)->msg : ""), \
		cell_text((problem) ? (problem)->field : "")

/* See store_idem_claim. A claim with the same resource finds itself again. */
int idem_claim(struct store *s, const struct store_idem_claim *c,
	       struct store_idem *out, struct err *e);
