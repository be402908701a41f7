#include "store/account_row.h"

#include <string.h>

#include "conf.h"

struct plan {
	const char *name;
	size_t rate, sandboxes; /* of the limits in struct conf */
};

static const struct plan plans[] = {
#define ACCOUNT_PLAN(name) \
	{#name, offsetof(struct conf, rate_##name), \
	 offsetof(struct conf, sandboxes_##name)},
	ACCOUNT_PLANS(ACCOUNT_PLAN)
#undef ACCOUNT_PLAN
};

static const struct plan *
plan_find(const char *name)
{
	for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
		if (!strcmp(plans[i].name, name))
			return &plans[i];
	}
	return NULL;
}

bool
account_plan_valid(const char *name)
{
	return plan_find(name) != NULL;
}

static int64_t
limit(const struct conf *c, size_t offset)
{
	int64_t v;

	memcpy(&v, (const char *)c + offset, sizeof(v));
	return v;
}

void
account_row_limits(const struct conf *c, struct store_account *a)
{
	const struct plan *p = plan_find(a->plan);

	if (!p) /* the schema's CHECK knows a plan that we do not: the least */
		p = &plans[0];
	if (a->rate_per_minute < 0)
		a->rate_per_minute = limit(c, p->rate);
	if (a->max_sandboxes < 0)
		a->max_sandboxes = limit(c, p->sandboxes);
}
