#include "http_request.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *name;
	size_t longest;
} headers[HTTP_HEADER_COUNT] = {
#define HTTP_HEADER(name, text, longest) {text, longest},
	HTTP_HEADERS(HTTP_HEADER)
#undef HTTP_HEADER
};

static int
find_header(const struct http_reader *r)
{
	for (int i = 0; i < HTTP_HEADER_COUNT; i++)
		if (strlen(headers[i].name) == r->name_len &&
		    strncasecmp(headers[i].name, r->name, r->name_len) == 0)
			return i;
	return -1;
}

static int
on_url(http_parser *p, const char *at, size_t n)
{
	struct http_reader *r = p->data;

	if (r->text.len + n > HTTP_URL_MAX)
		return err_set(&r->error, ERR_URI_TOO_LONG,
			       "the URL is longer than %d bytes", HTTP_URL_MAX);
	return buf_add(&r->text, at, n);
}

/* The value that was being read is whole. */
static int
close_value(struct http_reader *r)
{
	if (!r->in_value)
		return 0;
	r->in_value = false;
	r->name_len = 0;
	return r->current >= 0 ? buf_add(&r->text, "", 1) : 0;
}

static int
on_field(http_parser *p, const char *at, size_t n)
{
	struct http_reader *r = p->data;

	if (r->head_done) /* trailers mean nothing here */
		return 0;
	if (close_value(r) < 0)
		return -1;
	if (n > sizeof(r->name) - r->name_len)
		n = sizeof(r->name) - r->name_len; /* none that we know */
	memcpy(r->name + r->name_len, at, n);
	r->name_len += n;
	return 0;
}

static int
open_value(struct http_reader *r)
{
	r->in_value = true;
	r->current = find_header(r);
	/* The URL's own NUL comes first, so no value starts at 0. */
	if (r->text.len == 0 || r->text.data[r->text.len - 1] != '\0')
		if (buf_add(&r->text, "", 1) < 0)
			return -1;
	if (r->current < 0)
		return 0;
	if (r->at[r->current])
		return err_set(&r->error, ERR_INVALID_REQUEST,
			       "the header %s came twice",
			       headers[r->current].name);
	r->at[r->current] = r->text.len;
	return 0;
}

static int
on_value(http_parser *p, const char *at, size_t n)
{
	struct http_reader *r = p->data;

	if (r->head_done)
		return 0;
	if (!r->in_value && open_value(r) < 0)
		return -1;
	if (r->current < 0)
		return 0;
	if (r->text.len - r->at[r->current] + n > headers[r->current].longest)
		return err_set(&r->error, ERR_HEADERS_TOO_LARGE,
			       "the header %s is longer than %zu bytes",
			       headers[r->current].name,
			       headers[r->current].longest);
	return buf_add(&r->text, at, n);
}

static void
point(struct http_reader *r)
{
	char *text = (char *)r->text.data;
	char *query = strchr(text, '?');

	r->request.path = text;
	r->request.query = text + strlen(text);
	if (query) {
		*query = '\0';
		r->request.query = query + 1;
	}
	for (int i = 0; i < HTTP_HEADER_COUNT; i++)
		r->request.header[i] = r->at[i] ? text + r->at[i] : NULL;
}

static int
on_head(http_parser *p)
{
	struct http_reader *r = p->data;
	bool chunked = p->flags & F_CHUNKED;

	if (close_value(r) < 0 || buf_add(&r->text, "", 1) < 0)
		return -1;
	if (p->http_major != 1 || p->http_minor != 1)
		return err_set(&r->error, ERR_INVALID_REQUEST,
			       "only HTTP/1.1 is spoken here");
	if (p->upgrade || p->method == HTTP_CONNECT)
		return err_set(&r->error, ERR_INVALID_REQUEST,
			       "the protocol cannot be changed");
	point(r);
	r->head_done = true;
	r->request.method = http_method_str((enum http_method)p->method);
	r->request.keep_alive = http_should_keep_alive(p);
	r->request.length = chunked ? -1 : 0;
	if (!chunked && p->content_length != UINT64_MAX)
		r->request.length = (int64_t)(p->content_length & INT64_MAX);
	r->request.has_body = r->request.length != 0;
	r->events->head(r->arg);
	return 0;
}

static int
on_body(http_parser *p, const char *at, size_t n)
{
	struct http_reader *r = p->data;

	r->events->body(r->arg, (const uint8_t *)at, n);
	return 0;
}

static int
on_end(http_parser *p)
{
	struct http_reader *r = p->data;

	/* Pausing here makes the parser leave the next request alone. */
	http_parser_pause(p, 1);
	r->ended = true;
	r->events->end(r->arg);
	return 0;
}

static const http_parser_settings settings = {
	.on_url = on_url,
	.on_header_field = on_field,
	.on_header_value = on_value,
	.on_headers_complete = on_head,
	.on_body = on_body,
	.on_message_complete = on_end,
};

static void
reset(struct http_reader *r)
{
	buf_reset(&r->text);
	memset(r->at, 0, sizeof(r->at));
	r->request = (struct http_request){0};
	r->name_len = 0;
	r->current = -1;
	r->in_value = r->head_done = r->ended = false;
}

void
http_reader_init(struct http_reader *r, const struct http_reader_events *events,
		 void *arg)
{
	*r = (struct http_reader){.events = events, .arg = arg};
	/* The library's own limit is the process's: all readers share it. */
	http_parser_set_max_header_size(HTTP_HEAD_MAX);
	http_parser_init(&r->parser, HTTP_REQUEST);
	r->parser.data = r;
	buf_init(&r->text, HTTP_HEAD_MAX);
	reset(r);
}

void
http_reader_fini(struct http_reader *r)
{
	buf_fini(&r->text);
}

static void
explain(struct http_reader *r)
{
	enum http_errno why = HTTP_PARSER_ERRNO(&r->parser);

	if (r->error.code != ERR_NONE)
		return;
	if (why == HPE_HEADER_OVERFLOW)
		err_set(&r->error, ERR_HEADERS_TOO_LARGE,
			"the headers are longer than %d bytes", HTTP_HEAD_MAX);
	else
		err_set(&r->error, ERR_INVALID_REQUEST,
			"this is not HTTP/1.1: %s",
			http_errno_description(why));
}

size_t
http_reader_feed(struct http_reader *r, const void *p, size_t n)
{
	size_t took;

	assert(!r->ended);
	if (r->error.code != ERR_NONE)
		return 0;
	took = http_parser_execute(&r->parser, &settings, p, n);
	if (r->ended)
		return took;
	if (HTTP_PARSER_ERRNO(&r->parser) != HPE_OK || r->parser.upgrade)
		explain(r);
	return took;
}

void
http_reader_next(struct http_reader *r)
{
	assert(r->ended);
	http_parser_pause(&r->parser, 0);
	reset(r);
}

bool
http_reader_idle(const struct http_reader *r)
{
	return r->text.len == 0 && r->error.code == ERR_NONE;
}
