#include "exec_json.h"

#include <string.h>

#include "auto.h"
#include "buf.h"
#include "file_json.h"
#include "jtime.h"
#include "problem.h"
#include "text.h"

static json_t *
bytes_json(const struct exec_bytes *b)
{
	return file_json_text(b->data, b->len);
}

/* Output that is not UTF-8 is shown lossy, and whole beside it. */
static int
add_exact(json_t *o, const struct exec_bytes *b)
{
	auto_buf struct buf text = {0};

	if (text_is_utf8(b->data, b->len))
		return 0;
	buf_init(&text, 2 * b->len + 8);
	if (text_add_base64(&text, b->data, b->len))
		return -1;
	if (json_object_set_new(o, "encoding", json_string("lossy")))
		return -1;
	return json_object_set_new(o, "output_base64",
				   json_string(buf_str(&text)));
}

/* -1: the platform failed; null: the command still runs. */
static json_t *
exit_code_json(const struct exec_view *v)
{
	if (strcmp(v->status, "done") == 0)
		return json_integer(v->exit_code);
	return v->ended_us ? json_integer(-1) : json_null();
}

static const char *
or_null(const char *s)
{
	return s && s[0] ? s : NULL;
}

json_t *
exec_json_result(const struct exec_view *v)
{
	auto_json json_t *o = json_pack(
		"{s:o, s:o, s:o, s:o, s:s, s:I, s:b, s:s?, s:s*}", "output",
		bytes_json(&v->output), "exit_code", exit_code_json(v),
		"stdout", bytes_json(&v->out), "stderr", bytes_json(&v->err),
		"exec_id", v->id, "duration_ms",
		(json_int_t)((v->duration_us + 500) / 1000), "truncated",
		v->truncated, "exit_cause", or_null(v->cause), "error",
		or_null(v->error));

	if (!o || add_exact(o, &v->output))
		return NULL;
	return steal_ptr(&o);
}

json_t *
exec_json_row(const struct exec_view *v)
{
	auto_json json_t *o = exec_json_result(v);
	auto_json json_t *more = json_pack(
		"{s:s, s:s, s:o, s:o, s:o}", "id", v->id, "status", v->status,
		"command", file_json_text(v->command, strlen(v->command)),
		"started_at", jtime_or_null(v->started_us), "ended_at",
		jtime_or_null(v->ended_us));

	if (!o || !more || json_object_update(o, more))
		return NULL;
	return steal_ptr(&o);
}

json_t *
exec_json_as_result(json_t *problem, const char *exec_id)
{
	auto_json json_t *o = problem;

	if (!o || json_object_set_new(o, "exit_code", json_integer(-1)) ||
	    json_object_set_new(o, "output", json_string("")) ||
	    json_object_set_new(o, "exec_id", json_string(exec_id)))
		return NULL;
	return steal_ptr(&o);
}

json_t *
exec_json_problem(const struct err *e, const char *request_id,
		  const char *exec_id)
{
	return exec_json_as_result(problem_json(e, request_id, "exec", exec_id),
				   exec_id);
}
