#include "admin/admin.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "admin/args.h"
#include "admin/doctor.h"
#include "auto.h"
#include "store/store.h"
#include "vmctl_client.h"

struct check {
	const char *name;
	unsigned needs;
	const char *holds, *action;
	doctor_check *run;
};

static const struct check checks[] = {
#define CHECK(name, needs, holds, action) \
	{#name, needs, holds, action, check_##name},
#include "admin/checks.def"
#undef CHECK
};
#define CHECK_COUNT (sizeof(checks) / sizeof(checks[0]))

enum verdict { VERDICT_WELL, VERDICT_BAD, VERDICT_LEFT_OUT };

struct result {
	enum verdict verdict;
	struct finding finding;
};

void
doctor_found(struct finding *f, const char *fmt, ...)
{
	size_t n = strlen(f->words);
	va_list ap;

	f->count++;
	if (f->count > DOCTOR_SHOWN || n + 4 > sizeof(f->words))
		return;
	n += (size_t)snprintf(f->words + n, sizeof(f->words) - n, "%s",
			      n ? ", " : "");
	va_start(ap, fmt);
	vsnprintf(f->words + n, sizeof(f->words) - n, fmt, ap);
	va_end(ap);
}

static void
examine(struct doctor *d, struct result *results)
{
	for (size_t i = 0; i < CHECK_COUNT; i++) {
		const struct check *c = &checks[i];
		struct result *r = &results[i];

		if (c->needs & ~d->has) {
			r->verdict = VERDICT_LEFT_OUT;
			continue;
		}
		c->run(d, &r->finding);
		if (r->finding.count > 0)
			r->verdict = VERDICT_BAD;
	}
}

static int
print_text(const struct result *results)
{
	static const char *const words[] = {
		[VERDICT_WELL] = "ok",
		[VERDICT_BAD] = "BAD",
		[VERDICT_LEFT_OUT] = "-",
	};

	for (size_t i = 0; i < CHECK_COUNT; i++) {
		const struct finding *f = &results[i].finding;

		printf("%-4s%-18s%s\n", words[results[i].verdict],
		       checks[i].name, checks[i].holds);
		if (results[i].verdict == VERDICT_LEFT_OUT)
			printf("    not checked: what it needs is away\n");
		if (f->count == 0)
			continue;
		printf("    found: %s%s\n", f->words,
		       f->count > DOCTOR_SHOWN ? ", ..." : "");
		printf("    do: %s\n", checks[i].action);
	}
	return 0;
}

static json_t *
result_json(const struct check *c, const struct result *r)
{
	json_t *ok = r->verdict == VERDICT_LEFT_OUT
			     ? json_null()
			     : json_boolean(r->verdict == VERDICT_WELL);

	return json_pack("{s:s, s:o, s:s, s:i, s:s, s:s}", "name", c->name,
			 "ok", ok, "holds", c->holds, "count", r->finding.count,
			 "found", r->finding.words, "action",
			 r->finding.count ? c->action : "");
}

static int
print_json(const struct result *results, const char *host, bool well)
{
	auto_json json_t *list = json_array();
	auto_json json_t *all = NULL;
	auto_free char *text = NULL;

	for (size_t i = 0; i < CHECK_COUNT; i++)
		json_array_append_new(list,
				      result_json(&checks[i], &results[i]));
	all = json_pack("{s:b, s:s, s:O}", "ok", well, "host", host, "checks",
			list);
	text = all ? json_text(all) : NULL;
	if (!text)
		return -1;
	puts(text);
	return 0;
}

static int
report(struct doctor *d, const struct result *results, bool json, struct err *e)
{
	int bad = 0, left_out = 0, rc;

	for (size_t i = 0; i < CHECK_COUNT; i++) {
		bad += results[i].verdict == VERDICT_BAD;
		left_out += results[i].verdict == VERDICT_LEFT_OUT;
	}
	rc = json ? print_json(results, d->admin->conf.host,
			       bad + left_out == 0)
		  : print_text(results);
	if (rc < 0)
		return err_set(e, ERR_INTERNAL, "cannot write the report");
	if (bad + left_out > 0)
		return err_set(e, ERR_WRONG_STATE,
			       "%d checks are bad, %d were left out", bad,
			       left_out);
	return 0;
}

int
cmd_doctor(struct admin *a, struct err *e)
{
	bool json = false;
	const struct args_option options[] = {{"--json", NULL, &json},
					      {NULL, NULL, NULL}};
	struct result results[CHECK_COUNT] = {0};
	struct doctor d = {.admin = a};
	int rc = -1;

	if (args_take(a, options, NULL, 0, e) < 0)
		return -1;
	d.vmctl = vmctl_new(a->conf.vmctl_socket);
	d.store = store_open(&a->conf, a->user, e);
	if (d.vmctl && d.store) {
		examine(&d, results);
		rc = report(&d, results, json, e);
	}
	store_close(d.store);
	vmctl_free(d.vmctl);
	return rc;
}
