#include "exec_answer.h"

#include "api.h"
#include "call.h"
#include "err.h"
#include "model/exec_clip.h"
#include "model/exec_json.h"
#include "response.h"
#include "store/exec_chunk.h"
#include "store/store_exec.h"
#include "text.h"

struct texts {
	struct exec_clip both, out, err;
	bool failed; /* no memory */
};

static void
texts_init(struct texts *t)
{
	*t = (struct texts){0};
	exec_clip_init(&t->both);
	exec_clip_init(&t->out);
	exec_clip_init(&t->err);
}

static void
texts_fini(struct texts *t)
{
	exec_clip_fini(&t->both);
	exec_clip_fini(&t->out);
	exec_clip_fini(&t->err);
}

static int
add_segment(void *arg, int stream, const void *p, size_t n, bool gap)
{
	struct texts *t = arg;
	struct exec_clip *own = stream == EXEC_STDERR ? &t->err : &t->out;

	if (gap) {
		exec_clip_gap(&t->both);
		exec_clip_gap(&t->out);
		exec_clip_gap(&t->err);
	}
	t->failed = exec_clip_add(&t->both, p, n) || exec_clip_add(own, p, n);
	return t->failed;
}

static struct exec_bytes
clipped(struct exec_clip *c)
{
	exec_clip_finish(c);
	return (struct exec_bytes){c->b.data, c->b.len};
}

static struct exec_view
view(const struct store_exec *x, const char *command, struct texts *t)
{
	struct exec_view v = {
		.status = exec_status_name(x->status),
		.command = command ? command : "",
		.exit_code = x->exit_code,
		.cause = x->cause,
		.error = x->error_message,
		.started_us = x->started_us,
		.ended_us = x->ended_us,
		.duration_us = x->duration_us,
		.output = clipped(&t->both),
		.out = clipped(&t->out),
		.err = clipped(&t->err),
	};

	text_copy(v.id, sizeof(v.id), x->id);
	v.truncated = t->both.clipped || t->out.clipped || t->err.clipped ||
		      x->dropped_bytes > 0;
	return v;
}

static int
answer(struct call *c, const struct store_exec *x, const char *command,
       json_t *(*render)(const struct exec_view *v), struct err *e)
{
	struct exec_view v;
	struct texts t;
	int rc;

	texts_init(&t);
	rc = store_exec_output(c->api->store, x, add_segment, &t, e);
	if (rc == 0 && t.failed)
		rc = err_set(e, ERR_INTERNAL, "exec: out of memory");
	if (rc == 0) {
		v = view(x, command, &t);
		rc = response_json(c->resp, 200, render(&v), e);
	}
	texts_fini(&t);
	return rc;
}

int
exec_answer_result(struct call *c, const struct store_exec *x,
		   const char *command, struct err *e)
{
	return answer(c, x, command, exec_json_result, e);
}

int
exec_answer_row(struct call *c, const struct store_exec *x, const char *command,
		struct err *e)
{
	return answer(c, x, command, exec_json_row, e);
}
