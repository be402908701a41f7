#include "response.h"

#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "err.h"
#include "model/problem.h"

#define HEADERS_MAX 16384

/* What is left to say when there is no memory to say it with. */
static const char last_words[] =
	"{\"type\":\"about:blank\",\"title\":\"Internal Server Error\","
	"\"status\":500,\"detail\":\"out of memory\",\"error\":\"out of "
	"memory\",\"instance\":\"\",\"reason\":{\"code\":\"internal\","
	"\"message\":\"out of memory\",\"action\":\"\",\"retryable\":false}}";

void
response_init(struct response *r)
{
	*r = (struct response){0};
	buf_init(&r->headers, HEADERS_MAX);
	buf_init(&r->body, RESPONSE_BODY_MAX);
}

void
response_fini(struct response *r)
{
	buf_fini(&r->headers);
	buf_fini(&r->body);
}

void
response_reset(struct response *r)
{
	r->status = 0;
	buf_reset(&r->body);
}

void
response_header(struct response *r, const char *name, const char *value)
{
	size_t start;

	buf_addf(&r->headers, "%s: ", name);
	start = r->headers.len;
	if (buf_addstr(&r->headers, value))
		return;
	for (size_t i = start; i < r->headers.len; i++)
		if (r->headers.data[i] < 0x20 || r->headers.data[i] == 0x7f)
			r->headers.data[i] = '?';
	buf_addstr(&r->headers, "\r\n");
}

void
response_header_int(struct response *r, const char *name, long long value)
{
	buf_addf(&r->headers, "%s: %lld\r\n", name, value);
}

static int
set_body(struct response *r, int status, const char *type, json_t *j)
{
	auto_free char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;

	json_decref(j);
	if (!text || buf_addstr(&r->body, text))
		return -1;
	r->status = status;
	response_header(r, "Content-Type", type);
	return 0;
}

int
response_json(struct response *r, int status, json_t *j, struct err *e)
{
	if (set_body(r, status, "application/json", j))
		return err_set(e, ERR_INTERNAL, "answer: out of memory");
	return 0;
}

void
response_empty(struct response *r, int status)
{
	r->status = status;
}

void
response_problem(struct response *r, const struct err *e, json_t *problem,
		 int retry_after_s)
{
	response_reset(r);
	if (retry_after_s > 0)
		response_header_int(r, "Retry-After", retry_after_s);
	if (set_body(r, err_status(e->code), PROBLEM_TYPE, problem) == 0)
		return;
	r->status = 500;
	buf_reset(&r->body);
	buf_addstr(&r->body, last_words);
}
