#include "account_json.h"

#include "jtime.h"

static json_t *
limit_or_null(int64_t limit)
{
	return limit ? json_integer(limit) : json_null();
}

json_t *
account_json(const struct account_view *a)
{
	return json_pack("{s:s, s:s, s:s, s:o, s:{s:o, s:o}}", "id", a->id,
			 "name", a->name, "plan", a->plan, "created_at",
			 jtime_or_null(a->created_us), "limits", "sandboxes",
			 limit_or_null(a->max_sandboxes), "requests_per_minute",
			 limit_or_null(a->rate_per_minute));
}
