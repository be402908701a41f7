#include "request.h"

#include <string.h>
#include <strings.h>

#include "err.h"
#include "model/req.h"
#include "text.h"

#define REQUEST_ID_MAX 64

const char *
request_param(const struct request *r, const char *name)
{
	const char *v = r->source->param(r->source->arg, name);

	return v ? v : "";
}

static bool
method_valid(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n < 8 && strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == n;
}

/* The web server has decoded and normalised it. */
static int
check_path(const char *path, struct err *e)
{
	size_t n = strlen(path);

	if (n > REQUEST_PATH_MAX)
		return err_set(e, ERR_URI_TOO_LONG, "path over %d bytes",
			       REQUEST_PATH_MAX);
	if (path[0] != '/' || !text_is_utf8(path, n))
		return err_set(e, ERR_NOT_FOUND,
			       "there is nothing at this path");
	return 0;
}

int
request_init(struct request *r, const struct request_source *source,
	     struct err *e)
{
	*r = (struct request){.source = source};
	buf_init(&r->body, REQ_BODY_MAX);
	r->method = request_param(r, "REQUEST_METHOD");
	r->path = request_param(r, "DOCUMENT_URI");
	r->request_id = request_param(r, "REQUEST_ID");
	r->query_text = request_param(r, "QUERY_STRING");
	r->alias = strcmp(request_param(r, "CAGED_ALIAS"), "1") == 0;
	if (strlen(r->request_id) > REQUEST_ID_MAX)
		return err_set(e, ERR_INVALID_REQUEST, "request id too long");
	if (!method_valid(r->method))
		return err_set(e, ERR_METHOD_NOT_ALLOWED, "unknown method");
	return check_path(r->path, e);
}

int
request_query(struct request *r, struct err *e)
{
	return query_init(&r->query, r->query_text, e);
}

int
request_retarget(struct request *r, struct err *e)
{
	r->method = request_param(r, "CAGED_METHOD");
	r->path = request_param(r, "CAGED_URI");
	r->body_read = true;
	if (!method_valid(r->method))
		return err_set(e, ERR_METHOD_NOT_ALLOWED, "unknown method");
	return check_path(r->path, e);
}

void
request_fini(struct request *r)
{
	query_fini(&r->query);
	buf_fini(&r->body);
}

int
request_body(struct request *r, struct err *e)
{
	if (r->body_read)
		return 0;
	r->body_read = true;
	if (r->source->body(r->source->arg, &r->body) == 0)
		return 0;
	if (r->body.full)
		return err_set(e, ERR_BODY_TOO_LARGE, "body over %d bytes",
			       REQ_BODY_MAX);
	return err_set(e, ERR_INVALID_REQUEST, "the body was cut short");
}

static bool
type_is_json(const char *type)
{
	size_t n = strcspn(type, "; ");

	return n == strlen("application/json") &&
	       strncasecmp(type, "application/json", n) == 0;
}

int
request_check_type(struct request *r, struct err *e)
{
	const char *type = request_param(r, "CONTENT_TYPE");

	if (!type[0] || type_is_json(type))
		return 0;
	if (request_body(r, e))
		return -1;
	if (r->body.len == 0)
		return 0;
	return err_set(e, ERR_UNSUPPORTED_MEDIA_TYPE,
		       "the body must be application/json");
}

json_t *
request_json(struct request *r, struct err *e)
{
	if (request_body(r, e) || request_check_type(r, e))
		return NULL;
	return req_parse(buf_str(&r->body), r->body.len, e);
}
