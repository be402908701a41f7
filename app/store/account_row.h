/* The columns of an account, for the statements that read one. */
#pragma once

#include "store/column.h"
#include "store/store_account.h"

struct conf;

#define ACCOUNT_SELECT \
	"a.seq, a.id, a.name, a.plan, COALESCE(a.rate_per_minute, -1)," \
	" COALESCE(a.max_sandboxes, -1), a.disabled_at IS NOT NULL," \
	" a.created_at"

/* S: a struct whose account is at `at` ("" or "account."). */
#define ACCOUNT_COLUMNS(S, at) \
	COLUMN(S, INT, at seq, NULL), COLUMN(S, TEXT, at id, NULL), \
		COLUMN(S, TEXT, at name, NULL), \
		COLUMN(S, TEXT, at plan, NULL), \
		COLUMN(S, INT, at rate_per_minute, NULL), \
		COLUMN(S, INT, at max_sandboxes, NULL), \
		COLUMN(S, BOOL, at disabled, NULL), \
		COLUMN(S, TIME, at created_us, NULL)

/* Puts the plan's limits where the account has none of its own (-1). */
void account_row_limits(const struct conf *c, struct store_account *a);
