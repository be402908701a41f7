#include "sandbox.h"

#include <string.h>

#include "auto.h"
#include "jtime.h"

/* Fields of features that a sandbox does not have yet: clients rely on their
 * being there. Costs are numbers. */
static json_t *
absent_features(void)
{
	return json_pack("{s:n, s:n, s:f, s:f, s:f, s:f}", "budget",
			 "budget_usd", "cost", 0.0, "llm_cost", 0.0,
			 "total_cost", 0.0, "spent_usd", 0.0);
}

/* Text that this program stored as JSON of that kind; else an empty one. */
static json_t *
stored_json(const char *text, json_type kind)
{
	json_t *j = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	if (j && json_typeof(j) == kind)
		return j;
	json_decref(j);
	return kind == JSON_OBJECT ? json_object() : json_array();
}

json_t *
sandbox_allowlist(const struct sandbox *s)
{
	return stored_json(s->allowlist, JSON_ARRAY);
}

static json_t *
sandbox_times(const struct sandbox *s)
{
	int64_t stopped = s->stopped_us ? s->stopped_us : s->destroyed_us;

	return json_pack("{s:o, s:o, s:o, s:o}", "created_at",
			 jtime_or_null(s->created_us), "started_at",
			 jtime_or_null(s->started_us), "stopped_at",
			 jtime_or_null(stopped), "expires_at",
			 jtime_or_null(s->expires_us));
}

/* What it was made with, and what came of that. */
static json_t *
sandbox_provision(const struct sandbox *s)
{
	return json_pack("{s:s?, s:s?, s:o}", "repo_url",
			 s->repo_url[0] ? s->repo_url : NULL, "init_script",
			 s->init_script[0] ? s->init_script : NULL, "provision",
			 stored_json(s->provision, JSON_ARRAY));
}

static int
add_error(json_t *o, const struct sandbox *s)
{
	auto_json json_t *err = NULL;

	if (!s->error_code[0])
		return 0;
	err = json_pack("{s:s, s:s}", "code", s->error_code, "message",
			s->error_message);
	return json_object_set(o, "error", err);
}

json_t *
sandbox_json(const struct sandbox *s)
{
	auto_json json_t *times = sandbox_times(s);
	auto_json json_t *absent = absent_features();
	auto_json json_t *provision = sandbox_provision(s);
	auto_json json_t *o = json_pack(
		"{s:s, s:s, s:s, s:I, s:I, s:I, s:s, s:o, s:s, s:I, s:s, s:o, "
		"s:o, s:s, s:s?}",
		"id", s->id, "status", sandbox_state_status(s->state),
		"template", s->template_name, "cpus", (json_int_t)s->cpus,
		"memory_mb", (json_int_t)s->memory_mb, "disk_gb",
		(json_int_t)s->disk_gb, "network_mode", s->network_mode,
		"allowlist", sandbox_allowlist(s), "ip", s->ip, "timeout",
		(json_int_t)s->timeout_s, "name", s->name, "metadata",
		stored_json(s->metadata, JSON_OBJECT), "ports",
		stored_json(s->ports, JSON_ARRAY), "host", s->host,
		"pause_reason", s->pause_reason[0] ? s->pause_reason : NULL);

	if (!o || json_object_update(o, times) ||
	    json_object_update(o, absent) || json_object_update(o, provision) ||
	    add_error(o, s))
		return NULL;
	return steal_ptr(&o);
}

void
sandbox_json_one_id(json_t *o)
{
	json_object_del(json_object_get(o, "metadata"), "id");
}
