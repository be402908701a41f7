#include "req_create.h"

#include <stdio.h>
#include <string.h>

#include "auto.h"
#include "err.h"
#include "req_network.h"
#include "req_plan.h"
#include "sandbox.h"
#include "text.h"

FIELDS_DEFINE(req_create, REQ_CREATE_FIELDS)

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* What a caller may ask for, and the template's own name. */
static const struct {
	const char *asked;
	const char *name;
} templates[] = {
	{"minimal", "minimal"},	      {"node-20", "node-20"},
	{"python-312", "python-312"}, {"go-122", "go-122"},
	{"agents", "agents"},	      {"node", "node-20"},
	{"python", "python-312"},     {"go", "go-122"},
};

static const struct req_later later[] = {
	{"budget", NULL},
	{"budget_usd", NULL},
	{"budget_action", "destroy"},
	{"secrets", NULL},
	{"from_snapshot", NULL},
};

static int
check_word(const char *field, const char *word, const char *const *words,
	   struct err *e)
{
	if (!word)
		return 0;
	for (; *words; words++)
		if (strcmp(word, *words) == 0)
			return 0;
	return err_field(e, field, "%s: unknown value", field);
}

static int
read_template(struct req_create *r, bool alias, struct err *e)
{
	if (!r->has_template && !alias)
		return err_field(e, "template", "template: missing");
	if (!r->has_template)
		r->template = "minimal";
	for (size_t i = 0; i < COUNT(templates); i++)
		if (strcmp(r->template, templates[i].asked) == 0) {
			r->template = templates[i].name;
			return 0;
		}
	return err_field(e, "template",
			 "template: must be node-20, python-312, go-122, "
			 "agents or minimal");
}

static int
check_ports(json_t *ports, struct err *e)
{
	size_t i;
	json_t *v;

	json_array_foreach(ports, i, v) {
		json_int_t port = json_integer_value(v);

		if (!json_is_integer(v) || port < 1 || port > 65535)
			return err_field(e, "ports",
					 "ports: must be whole numbers from 1 "
					 "to 65535");
	}
	return 0;
}

static void
set_defaults(struct req_create *r)
{
	if (!r->has_cpus)
		r->cpus = 2;
	if (!r->has_memory_mb)
		r->memory_mb = 512;
	if (r->memory_mb < req_plan_memory_mb(r))
		r->memory_mb = req_plan_memory_mb(r);
	if (!r->has_disk_gb)
		r->disk_gb = 5;
	if (!r->has_timeout)
		r->timeout = 900;
	if (!r->has_network_mode)
		r->network_mode = "full";
	if (!r->has_name)
		r->name = "";
}

static int
check_network(const struct req_create *r, struct err *e)
{
	struct sandbox scratch = {0};

	return req_network_apply(r->network_mode, r->allowlist, &scratch, e);
}

int
req_create_read(json_t *body, bool alias, struct req_create *out, struct err *e)
{
	static const char *const actions[] = {"destroy", "pause", NULL};
	struct req_create r;

	if (field_read(&req_create_fields, body, &r, e) ||
	    read_template(&r, alias, e) ||
	    check_word("budget_action", r.budget_action, actions, e) ||
	    req_check_env(r.env, e) || req_check_metadata(r.metadata, e) ||
	    req_check_label("name", r.name, e) || check_ports(r.ports, e) ||
	    req_refuse_later(body, later, COUNT(later), e))
		return -1;
	set_defaults(&r);
	if (check_network(&r, e) || req_plan_check(&r, e))
		return -1;
	*out = r;
	return 0;
}

static int
store_json(char *out, size_t size, const json_t *j, const char *empty,
	   struct err *e)
{
	auto_free char *text = j ? json_text(j) : NULL;

	if (j && !text)
		return err_set(e, ERR_INTERNAL, "request: out of memory");
	if (text_copy(out, size, text ? text : empty))
		return err_set(e, ERR_INTERNAL, "request: too long to store");
	return 0;
}

int
req_create_sandbox(const struct req_create *r, struct sandbox *s, struct err *e)
{
	text_copy(s->template_name, sizeof(s->template_name), r->template);
	if (req_network_apply(r->network_mode, r->allowlist, s, e))
		return -1;
	text_copy(s->name, sizeof(s->name), r->name);
	text_copy(s->repo_url, sizeof(s->repo_url), r->repo ? r->repo : "");
	text_copy(s->init_script, sizeof(s->init_script),
		  r->init_script ? r->init_script : "");
	s->cpus = r->cpus;
	s->memory_mb = r->memory_mb;
	s->disk_gb = r->disk_gb;
	s->timeout_s = r->timeout;
	s->lifetime_s = r->has_lifetime ? r->lifetime : 0;
	if (store_json(s->metadata, sizeof(s->metadata), r->metadata, "{}", e))
		return -1;
	return store_json(s->ports, sizeof(s->ports), r->ports, "[]", e);
}
