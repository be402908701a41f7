#include "problem.h"

#include <string.h>

#include "auto.h"
#include "err.h"
#include "file_json.h"
#include "text.h"

/* Codes whose subject is worth another wait than a second or two. */
static const struct {
	enum err_code code;
	int seconds;
} waits[] = {
	{ERR_IDEMPOTENCY_RUNNING, 1}, {ERR_OVERLOADED, 1},
	{ERR_TOO_MANY_EXECS, 1},      {ERR_SANDBOX_CAPACITY, 5},
	{ERR_RATE_LIMITED, 60},
};

#define WAIT_DEFAULT_S 2

static const struct {
	enum err_code code;
	const char *words;
} public_words[] = {
	{ERR_INTERNAL, "something failed here that is not the request's fault"},
	{ERR_DATABASE_UNAVAILABLE, "the database does not answer"},
	{ERR_VMCTL_UNAVAILABLE,
	 "the service that runs the VMs does not answer"},
};

struct err
problem_public(const struct err *e)
{
	struct err out = *e;

	for (size_t i = 0; i < sizeof(public_words) / sizeof(public_words[0]);
	     i++)
		if (public_words[i].code == e->code)
			text_copy(out.msg, sizeof(out.msg),
				  public_words[i].words);
	return out;
}

/* Words may quote what a client sent, cut anywhere. */
static json_t *
words(const char *s)
{
	return file_json_text(s, strlen(s));
}

static json_t *
reason_json(const struct err *e, const char *subject_type,
	    const char *subject_id)
{
	auto_json json_t *r = json_pack(
		"{s:s, s:o, s:s, s:b}", "code", err_name(e->code), "message",
		words(e->msg), "action", err_action(e->code), "retryable",
		err_retryable(e->code));

	if (!r)
		return NULL;
	if (e->field[0] && json_object_set_new(r, "field", words(e->field)))
		return NULL;
	if (subject_type &&
	    json_object_set_new(r, "subject_type", json_string(subject_type)))
		return NULL;
	if (subject_id &&
	    json_object_set_new(r, "subject_id", words(subject_id)))
		return NULL;
	return steal_ptr(&r);
}

json_t *
problem_json(const struct err *e, const char *request_id,
	     const char *subject_type, const char *subject_id)
{
	int status = err_status(e->code);

	return json_pack("{s:s, s:s, s:i, s:o, s:o, s:o, s:o}", "type",
			 "about:blank", "title", err_title(status), "status",
			 status, "detail", words(e->msg), "error",
			 words(e->msg), "instance", words(request_id), "reason",
			 reason_json(e, subject_type, subject_id));
}

int
problem_retry_after(const struct err *e)
{
	if (!err_retryable(e->code))
		return 0;
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++)
		if (waits[i].code == e->code)
			return waits[i].seconds;
	return WAIT_DEFAULT_S;
}
