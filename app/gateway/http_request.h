/*
 * Reading HTTP/1.1 requests from bytes, however they are cut. Bodies are
 * handed on as they come.
 */
#pragma once

#include <http_parser.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

#define HTTP_URL_MAX 16384  /* path and query, as sent */
#define HTTP_HEAD_MAX 32768 /* request line and headers */

/* HTTP_HEADER(name, field name in small letters, longest value): the others
 * are skipped. */
#define HTTP_HEADERS(X) \
	X(grant, "x-caged-grant", 2048) \
	X(request_id, "x-request-id", 64) \
	X(prefer, "prefer", 256) \
	X(range, "range", 256) \
	X(if_none_match, "if-none-match", 1024) \
	X(content_type, "content-type", 256) \
	X(accept, "accept", 1024)

enum http_header {
#define HTTP_HEADER(name, text, longest) HTTP_##name,
	HTTP_HEADERS(HTTP_HEADER)
#undef HTTP_HEADER
		HTTP_HEADER_COUNT
};

struct http_request {
	const char *method; /* constant */
	const char *path;   /* as sent, without the query */
	const char *query;  /* after '?', "" when there is none */
	const char *header[HTTP_HEADER_COUNT]; /* NULL when absent */
	bool has_body;
	bool keep_alive;
	int64_t length; /* of the body; -1: chunked */
};

struct http_reader_events {
	void (*head)(void *arg);
	void (*body)(void *arg, const uint8_t *p, size_t n);
	void (*end)(void *arg);
};

struct http_reader {
	http_parser parser;
	const struct http_reader_events *events;
	void *arg;
	struct http_request request;  /* from `head` until http_reader_next */
	struct buf text;	      /* what `request` points into */
	size_t at[HTTP_HEADER_COUNT]; /* values in `text`; 0: absent */
	char name[32];
	size_t name_len;
	int current; /* enum http_header of the value that comes, or -1 */
	bool in_value, head_done, ended;
	struct err error; /* why reading stopped; code ERR_NONE: it did not */
};

void http_reader_init(struct http_reader *r,
		      const struct http_reader_events *events, void *arg);
void http_reader_fini(struct http_reader *r);
/*
 * Takes bytes until the end of one request at most; how many it took. Less
 * than n: the request ended, or r->error says what is wrong (400, 414, 431).
 */
size_t http_reader_feed(struct http_reader *r, const void *p, size_t n);
/* Ready for the next request of the connection. */
void http_reader_next(struct http_reader *r);
/* Nothing of a request was read yet. */
bool http_reader_idle(const struct http_reader *r);
