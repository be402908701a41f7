#include "provision.h"

#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "channels.h"
#include "gateway.h"
#include "model/sandbox.h"
#include "text.h"

/* A step's output is UTF-8; as JSON a byte of it may become six. */
#define LINE_MAX_BYTES (6 * (3 * CHANNEL_PLAN_OUTPUT_MAX + 64) + 256)
#define LINE_DEPTH 2
/* After the agent's own limit. */
#define STREAM_MS ((int64_t)CHANNEL_PLAN_MS + 60000)
#define WORDS_MAX 400 /* of the tool, in a problem's detail */

/* What a failed step means for the create; the first that matches. */
static const struct {
	const char *step;
	enum err_code code; /* NONE: the sandbox is made all the same */
} verdicts[] = {
	{"repo", ERR_REPO_CLONE_FAILED},
	{"agents:", ERR_AGENT_INSTALL_FAILED},
	{"init_script", ERR_NONE},
	{"", ERR_PROVISION_FAILED},
};

static int
add_line(struct provision *p)
{
	auto_json json_t *json = NULL;
	struct plan_result r;
	struct err e;

	if (json_array_size(p->steps) >= CHANNEL_PLAN_STEPS_MAX)
		return -1;
	json = json_parse(buf_str(&p->line), p->line.len, LINE_DEPTH, &e);
	if (!json || field_read(&plan_result_fields, json, &r, &e) < 0)
		return -1;
	return json_array_append(p->steps, json);
}

static int
add_lines(struct provision *p, const uint8_t *at, size_t n)
{
	const uint8_t *end;
	size_t part;

	while (n) {
		end = memchr(at, '\n', n);
		part = end ? (size_t)(end - at) : n;
		if (buf_add(&p->line, at, part) < 0)
			return -1;
		if (!end)
			return 0;
		if (add_line(p) < 0)
			return -1;
		buf_reset(&p->line);
		at += part + 1;
		n -= part + 1;
	}
	return 0;
}

static void
misbehaved(struct provision *p)
{
	struct err e;

	err_set(&e, ERR_GUEST_MISBEHAVED,
		"the sandbox's agent told of its plan what makes no sense");
	p->done(p, &e, false);
}

static void
on_data(void *owner, uint8_t flags, const uint8_t *at, size_t n)
{
	struct provision *p = owner;

	(void)flags;
	if (add_lines(p, at, n) == 0) {
		stream_consumed(p->s, n);
		return;
	}
	stream_close(p->s);
	p->s = NULL;
	misbehaved(p);
}

static void
on_end(void *owner, const void *record)
{
	struct provision *p = owner;

	(void)record;
	p->s = NULL;
	if (p->line.len)
		misbehaved(p);
	else
		p->done(p, NULL, false);
}

static void
on_fail(void *owner, const struct err *e, bool lost)
{
	struct provision *p = owner;

	p->s = NULL;
	p->done(p, e, lost);
}

static const struct stream_events events = {
	.data = on_data,
	.end = on_end,
	.fail = on_fail,
};

int
provision_start(struct provision *p, struct err *e)
{
	struct plan plan;
	const struct stream_request r = {
		.sandbox = p->sandbox,
		.boot = p->boot,
		.up = true,
		.kind = &kind_plan,
		.record = &plan,
		.timeout_ms = STREAM_MS,
		.whole = true,
		.events = &events,
		.owner = p,
	};

	if (field_read(&plan_fields, p->record, &plan, e) < 0)
		return err_wrap(e, "plan");
	json_decref(p->steps);
	p->steps = json_array();
	buf_fini(&p->line);
	buf_init(&p->line, LINE_MAX_BYTES);
	if (!p->steps)
		return err_set(e, ERR_INTERNAL, "plan: out of memory");
	p->s = stream_open(p->gw->channels, &r, e);
	return p->s ? 0 : -1;
}

void
provision_fini(struct provision *p)
{
	stream_close(p->s);
	buf_fini(&p->line);
	json_decref(p->steps);
	json_decref(p->record);
	p->s = NULL;
	p->steps = p->record = NULL;
}

/* The end of a text, from the start of a character. */
static const char *
last_words(const char *text, size_t most)
{
	size_t n = strlen(text);

	if (n <= most)
		return text;
	text += n - most;
	while ((*text & 0xc0) == 0x80)
		text++;
	return text;
}

/* A problem's detail is one line. */
static void
one_line(char *text)
{
	size_t n = strlen(text);

	while (n > 0 && text[n - 1] == '\n')
		text[--n] = '\0';
	for (; *text; text++)
		if (*text == '\n' || *text == '\t')
			*text = ' ';
}

static int
tell(const struct plan_result *r, struct err *e)
{
	auto_free char *words = strdup(last_words(r->output, WORDS_MAX));
	size_t i = 0;

	while (strncmp(r->step, verdicts[i].step, strlen(verdicts[i].step)))
		i++;
	if (verdicts[i].code == ERR_NONE)
		return 0;
	if (words)
		one_line(words);
	return err_set(e, verdicts[i].code, "%s: exit code %d: %s", r->step,
		       (int)r->exit_code, words ? words : "");
}

int
provision_verdict(const struct provision *p, struct err *e)
{
	struct plan_result r;
	struct err unused;
	json_t *step;
	size_t i;

	json_array_foreach(p->steps, i, step) {
		if (field_read(&plan_result_fields, step, &r, &unused) == 0 &&
		    r.exit_code != 0)
			return tell(&r, e);
	}
	return 0;
}

static json_t *
longest(const json_t *steps)
{
	json_t *step, *found = NULL;
	size_t i, n, most = 0;

	json_array_foreach(steps, i, step) {
		n = json_string_length(json_object_get(step, "output"));
		if (n > most) {
			most = n;
			found = step;
		}
	}
	return found;
}

char *
provision_text(const struct provision *p)
{
	auto_json json_t *steps = json_deep_copy(p->steps);
	json_t *step;
	char *text;

	while ((text = steps ? json_text(steps) : NULL) != NULL &&
	       strlen(text) > SANDBOX_PROVISION_MAX &&
	       (step = longest(steps)) != NULL) {
		free(text);
		json_object_set_new(step, "output", json_string(""));
	}
	return text;
}
