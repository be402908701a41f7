/* Reading HTTP requests: however they are cut, whatever they hold. */
#include "../support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/http_request.h"

struct got {
	struct http_reader reader;
	int heads, ends;
	char method[16], path[64], query[64], grant[64], type[64];
	int64_t length;
	bool keep_alive;
	char body[256];
	size_t body_len;
};

static void
on_head(void *arg)
{
	struct got *g = arg;
	const struct http_request *r = &g->reader.request;

	g->heads++;
	snprintf(g->method, sizeof(g->method), "%s", r->method);
	snprintf(g->path, sizeof(g->path), "%s", r->path);
	snprintf(g->query, sizeof(g->query), "%s", r->query);
	snprintf(g->grant, sizeof(g->grant), "%s",
		 r->header[HTTP_grant] ? r->header[HTTP_grant] : "(none)");
	snprintf(g->type, sizeof(g->type), "%s",
		 r->header[HTTP_content_type] ? r->header[HTTP_content_type]
					      : "(none)");
	g->length = r->length;
	g->keep_alive = r->keep_alive;
}

static void
on_body(void *arg, const uint8_t *p, size_t n)
{
	struct got *g = arg;

	assert_true(g->body_len + n <= sizeof(g->body));
	memcpy(g->body + g->body_len, p, n);
	g->body_len += n;
}

static void
on_end(void *arg)
{
	struct got *g = arg;

	g->ends++;
}

static const struct http_reader_events events = {
	.head = on_head,
	.body = on_body,
	.end = on_end,
};

static const char plain[] =
	"PUT /v1/x?path=a%20b HTTP/1.1\r\nHost: caged\r\n"
	"X-CAGED-Grant: abc.def\r\nX-Unknown-Header-With-A-Very-Long-Name-"
	"That-Nobody-Knows: z\r\nContent-Type: text/plain\r\n"
	"Content-Length: 5\r\n\r\nhello";
static const char chunked[] =
	"PUT /v1/x?path=a%20b HTTP/1.1\r\nx-caged-grant:   abc.def\r\n"
	"Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
	"2\r\nhe\r\n3;ext=1\r\nllo\r\n0\r\nX-Caged-Grant: trailer\r\n\r\n";

static void
begin(struct got *g)
{
	memset(g, 0, sizeof(*g));
	http_reader_init(&g->reader, &events, g);
}

static void
check(const struct got *g, int64_t length)
{
	assert_int_equal(g->heads, 1);
	assert_int_equal(g->ends, 1);
	assert_string_equal(g->method, "PUT");
	assert_string_equal(g->path, "/v1/x");
	assert_string_equal(g->query, "path=a%20b");
	assert_string_equal(g->grant, "abc.def");
	assert_string_equal(g->type, "text/plain");
	assert_int_equal(g->length, length);
	assert_int_equal(g->body_len, 5);
	assert_memory_equal(g->body, "hello", 5);
}

/* Cut in two at every place, and into single bytes. */
static void
every_cut(const char *text, size_t n, int64_t length)
{
	struct got g;

	for (size_t cut = 0; cut <= n; cut++) {
		begin(&g);
		if (cut)
			assert_int_equal(http_reader_feed(&g.reader, text, cut),
					 cut);
		if (cut < n) {
			assert_int_equal(g.ends, 0);
			assert_int_equal(http_reader_feed(&g.reader, text + cut,
							  n - cut),
					 n - cut);
		}
		check(&g, length);
		http_reader_fini(&g.reader);
	}
	begin(&g);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(http_reader_feed(&g.reader, text + i, 1), 1);
	check(&g, length);
	http_reader_fini(&g.reader);
}

static void
requests_may_be_cut_anywhere(void **state)
{
	(void)state;
	every_cut(plain, sizeof(plain) - 1, 5);
	every_cut(chunked, sizeof(chunked) - 1, -1);
}

/* The reader stops at the end of each request. */
static void
pipelined_requests_come_one_by_one(void **state)
{
	char text[2 * sizeof(plain) + sizeof(chunked)];
	size_t n = (size_t)snprintf(text, sizeof(text), "%s%s%s", plain,
				    chunked, plain);
	size_t at = 0;
	struct got g;

	(void)state;
	begin(&g);
	for (int i = 1; i <= 3; i++) {
		at += http_reader_feed(&g.reader, text + at, n - at);
		assert_int_equal(g.heads, i);
		assert_int_equal(g.ends, i);
		assert_int_equal(g.body_len, 5);
		g.body_len = 0;
		http_reader_next(&g.reader);
	}
	assert_int_equal(at, n);
	assert_true(http_reader_idle(&g.reader));
	http_reader_fini(&g.reader);
}

static const struct {
	const char *text;
	enum err_code code;
} bad[] = {
	{"GARBAGE\r\n\r\n", ERR_INVALID_REQUEST},
	{"GET / HTTP/1.0\r\n\r\n", ERR_INVALID_REQUEST},
	{"GET / HTTP/2.0\r\n\r\n", ERR_INVALID_REQUEST},
	{"GET / HTTP/1.1\r\nA\x01: c\r\n\r\n", ERR_INVALID_REQUEST},
	{"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", ERR_INVALID_REQUEST},
	{"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", ERR_INVALID_REQUEST},
	{"GET / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
	 ERR_INVALID_REQUEST},
	{"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
	 ERR_INVALID_REQUEST},
	{"GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: "
	 "chunked\r\n\r\n",
	 ERR_INVALID_REQUEST},
	{"GET / HTTP/1.1\r\nTransfer-Encoding: chunked, x\r\n\r\n",
	 ERR_INVALID_REQUEST},
	{"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
	 ERR_INVALID_REQUEST},
	{"GET / HTTP/1.1\r\nAccept: a\r\nAccept: b\r\n\r\n",
	 ERR_INVALID_REQUEST},
	{"GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
	 ERR_INVALID_REQUEST},
	{"CONNECT a:1 HTTP/1.1\r\n\r\n", ERR_INVALID_REQUEST},
};

static void
what_is_not_http_is_refused(void **state)
{
	struct got g;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		begin(&g);
		http_reader_feed(&g.reader, bad[i].text, strlen(bad[i].text));
		if (g.reader.error.code != bad[i].code)
			fail_msg("%s: %s", bad[i].text,
				 err_name(g.reader.error.code));
		assert_int_equal(g.ends, 0);
		/* Nothing is taken after that. */
		assert_int_equal(http_reader_feed(&g.reader, "GET", 3), 0);
		http_reader_fini(&g.reader);
	}
}

static enum err_code
feed_long(const char *before, size_t n, const char *after)
{
	char *text = malloc(n + strlen(before) + strlen(after) + 1);
	enum err_code code;
	struct got g;
	char *p;

	assert_non_null(text);
	p = stpcpy(text, before);
	memset(p, 'a', n);
	strcpy(p + n, after);
	begin(&g);
	http_reader_feed(&g.reader, text, strlen(text));
	code = g.reader.error.code;
	http_reader_fini(&g.reader);
	free(text);
	return code;
}

static void
what_is_too_long_is_refused(void **state)
{
	(void)state;
	assert_int_equal(
		feed_long("GET /", HTTP_URL_MAX - 1, " HTTP/1.1\r\n\r\n"),
		ERR_NONE);
	assert_int_equal(feed_long("GET /", HTTP_URL_MAX, " HTTP/1.1\r\n\r\n"),
			 ERR_URI_TOO_LONG);
	assert_int_equal(
		feed_long("GET / HTTP/1.1\r\nX-Request-Id: ", 64, "\r\n\r\n"),
		ERR_NONE);
	assert_int_equal(
		feed_long("GET / HTTP/1.1\r\nX-Request-Id: ", 65, "\r\n\r\n"),
		ERR_HEADERS_TOO_LARGE);
	assert_int_equal(feed_long("GET / HTTP/1.1\r\nX-Other: ",
				   2 * HTTP_HEAD_MAX, "\r\n\r\n"),
			 ERR_HEADERS_TOO_LARGE);
}

static void
connection_close_is_seen(void **state)
{
	static const char text[] =
		"GET / HTTP/1.1\r\nConnection: close\r\n\r\n";
	struct got g;

	(void)state;
	begin(&g);
	http_reader_feed(&g.reader, text, sizeof(text) - 1);
	assert_int_equal(g.ends, 1);
	assert_false(g.keep_alive);
	assert_string_equal(g.grant, "(none)");
	assert_string_equal(g.query, "");
	http_reader_fini(&g.reader);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_may_be_cut_anywhere),
		cmocka_unit_test(pipelined_requests_come_one_by_one),
		cmocka_unit_test(what_is_not_http_is_refused),
		cmocka_unit_test(what_is_too_long_is_refused),
		cmocka_unit_test(connection_close_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
