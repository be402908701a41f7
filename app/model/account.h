/* An account as the database keeps it and as the API shows it. */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "id.h"

/* ACCOUNT_PLAN(name): conf.def has a rate and a sandbox limit for each. */
#define ACCOUNT_PLANS(X) X(free) X(pro) X(team) X(enterprise)

enum account_plan {
#define ACCOUNT_PLAN(name) ACCOUNT_PLAN_##name,
	ACCOUNT_PLANS(ACCOUNT_PLAN)
#undef ACCOUNT_PLAN
	ACCOUNT_PLAN_COUNT
};

#define ACCOUNT_NAME_MAX 128

struct account {
	char id[ID_SIZE];
	char name[ACCOUNT_NAME_MAX + 1];
	enum account_plan plan;
	int64_t created_us; /* since 1970 */
};

const char *account_plan_name(enum account_plan p);
int account_plan_from_name(const char *name); /* -1 when unknown */

/* Owned by the caller. `max_sandboxes` and `rate` (a minute): 0 means no limit. */
json_t *account_json(const struct account *a, int64_t max_sandboxes,
		     int64_t rate);
