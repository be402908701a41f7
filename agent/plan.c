#include "plan.h"

#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "auto.h"
#include "err.h"
#include "id.h"
#include "log.h"
#include "plan_text.h"
#include "timeutil.h"

/* A line is a step's output, at worst six bytes for one, and its names. */
#define LINE_MAX_BYTES (6 * (3 * CHANNEL_PLAN_OUTPUT_MAX + 64) + 256)
#define LINES_MAX ((size_t)CHANNEL_PLAN_STEPS_MAX * LINE_MAX_BYTES)
#define CODE_NOT_STARTED 126

static void step_next(struct plan_run *p);

static void
pump(struct plan_run *p)
{
	struct stream *s = p->stream;
	size_t room, left;

	while (s && p->sent < p->lines.len && (room = stream_room(s)) > 0) {
		left = p->lines.len - p->sent;
		if (left > room)
			left = room;
		stream_data(s, 0, p->lines.data + p->sent, left);
		p->sent += left;
	}
	if (s && p->state == PLAN_ENDED && p->sent == p->lines.len) {
		p->stream = NULL;
		stream_end(s, NULL);
	}
}

static void
on_resume(struct stream *s)
{
	pump(s->owner);
}

static void
on_gone(struct stream *s)
{
	((struct plan_run *)s->owner)->stream = NULL;
}

/* The gateway has nothing to say on it. */
static void
on_data(struct stream *s, uint8_t flags, const uint8_t *p, size_t n)
{
	(void)flags;
	(void)p;
	stream_took(s, n);
}

static const struct stream_ops ops = {
	.data = on_data, .resume = on_resume, .gone = on_gone};

static void
finish(struct plan_run *p)
{
	p->state = PLAN_ENDED;
	plan_steps_fini(&p->steps);
	if (p->secret)
		explicit_bzero(p->secret, strlen(p->secret));
	free(p->secret);
	p->secret = NULL;
	pump(p);
}

/* The result of the present step; the next one follows if it was good. */
static void
step_done(struct plan_run *p, int exit_code, int64_t duration_us,
	  const char *output)
{
	struct plan_step *s = &p->steps.list[p->at];
	auto_json json_t *line = NULL;
	auto_free char *text = NULL;
	struct plan_result rec = {0};

	FIELD_SET(rec, step, s->name);
	FIELD_SET(rec, exit_code, exit_code);
	FIELD_SET(rec, duration_ms, duration_us / 1000);
	FIELD_SET(rec, output, output);
	line = field_write(&plan_result_fields, &rec);
	text = line ? json_text(line) : NULL;
	if (!text || buf_addf(&p->lines, "%s\n", text) < 0)
		log_warn("a step's result is lost", "step", s->name);
	plan_step_fini(s);
	p->at++;
	if (exit_code != 0 || !text)
		finish(p);
	else
		step_next(p);
}

static void
on_ended(struct exec_watch *w, struct exec_run *x)
{
	struct plan_run *p = container_of(w, struct plan_run, watch);
	auto_buf struct buf text = {0};
	int64_t took = x->duration_us;
	int code = x->exit_code;

	buf_init(&text, 3 * CHANNEL_PLAN_OUTPUT_MAX + 64);
	if (plan_text_add(&text, &x->output, p->secret) < 0)
		buf_reset(&text);
	if (text.len == 0 && x->timed_out)
		buf_addstr(&text, "it took too long");
	exec_forget(x);
	step_done(p, code, took, buf_str(&text));
}

static void
on_failed(struct exec_watch *w, const struct err *e)
{
	step_done(container_of(w, struct plan_run, watch), CODE_NOT_STARTED, 0,
		  e->msg);
}

static void
step_next(struct plan_run *p)
{
	const struct plan_step *s = &p->steps.list[p->at];
	int64_t left = p->deadline_ms - time_mono_ms();
	char id[ID_SIZE];
	struct exec req = {0};
	struct exec_run *x;
	struct err e;

	if (p->at == p->steps.count) {
		finish(p);
		return;
	}
	id_make(id, ID_EXEC);
	FIELD_SET(req, exec, id);
	FIELD_SET(req, user, s->user);
	FIELD_SET(req, timeout_ms, s->timeout_ms < left ? s->timeout_ms : left);
	if (req.timeout_ms < 1)
		req.timeout_ms = 1;
	if (s->command)
		FIELD_SET(req, command, s->command);
	else
		FIELD_SET(req, argv, s->argv);
	if (s->env)
		FIELD_SET(req, env, s->env);
	x = exec_start(p->execs, &req, &e);
	if (x)
		x->watch = &p->watch;
	else
		on_failed(&p->watch, &e);
}

void
plan_init(struct plan_run *p, struct exec_table *execs)
{
	*p = (struct plan_run){
		.execs = execs,
		.watch = {.ended = on_ended, .failed = on_failed},
	};
	buf_init(&p->lines, LINES_MAX);
}

void
plan_fini(struct plan_run *p)
{
	p->stream = NULL;
	if (p->state == PLAN_RUNNING)
		finish(p);
	buf_fini(&p->lines);
}

static int
start(struct plan_run *p, const struct plan *plan, struct err *e)
{
	if (plan->repo_token && strlen(plan->repo_token) > PLAN_SECRET_MAX)
		return err_field(e, "repo_token", "too long");
	if (plan_steps_make(&p->steps, plan, e) < 0)
		return -1;
	if (plan->repo_token)
		p->secret = strdup(plan->repo_token);
	p->deadline_ms = time_mono_ms() + CHANNEL_PLAN_MS;
	p->state = PLAN_RUNNING;
	return 0;
}

int
plan_open(struct plan_run *p, struct stream *s, const struct plan *plan,
	  struct err *e)
{
	bool starts = p->state == PLAN_NONE;

	if (starts && start(p, plan, e) < 0)
		return -1;
	if (p->stream)
		stream_reset(p->stream);
	p->stream = s;
	p->sent = 0;
	s->ops = &ops;
	s->owner = p;
	stream_reply(s, NULL);
	if (starts)
		step_next(p);
	else
		pump(p);
	return 0;
}
