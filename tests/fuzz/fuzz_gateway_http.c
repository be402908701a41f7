/*
 * Bytes of a client into the HTTP reader, whole and in pieces: it must see the
 * same requests, and a body as long as its head said.
 */
#include <assert.h>
#include <string.h>

#include "gateway/http_request.h"

#define REQUESTS_MAX 8

struct run {
	struct http_reader reader;
	int heads, ends;
	int64_t body, body_total;
	uint64_t hash; /* of everything seen */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
mix(struct run *r, const void *p, size_t n)
{
	const uint8_t *at = p;

	while (n--)
		r->hash = (r->hash ^ *at++) * 1099511628211u;
}

static void
on_head(void *arg)
{
	struct run *r = arg;
	const struct http_request *q = &r->reader.request;

	assert(r->heads == r->ends);
	assert(strlen(q->path) + strlen(q->query) <= HTTP_URL_MAX);
	assert(q->has_body == (q->length != 0));
	r->heads++;
	r->body = 0;
	mix(r, q->method, strlen(q->method) + 1);
	mix(r, q->path, strlen(q->path) + 1);
	mix(r, q->query, strlen(q->query) + 1);
	for (int i = 0; i < HTTP_HEADER_COUNT; i++)
		if (q->header[i])
			mix(r, q->header[i], strlen(q->header[i]) + 1);
}

static void
on_body(void *arg, const uint8_t *p, size_t n)
{
	struct run *r = arg;

	assert(r->heads == r->ends + 1);
	r->body += (int64_t)n;
	r->body_total += (int64_t)n;
	mix(r, p, n);
}

static void
on_end(void *arg)
{
	struct run *r = arg;
	int64_t length = r->reader.request.length;

	r->ends++;
	assert(r->heads == r->ends);
	assert(length < 0 || length == r->body);
}

static const struct http_reader_events events = {
	.head = on_head,
	.body = on_body,
	.end = on_end,
};

static void
run(struct run *r, const uint8_t *data, size_t size, size_t piece)
{
	size_t n, took;

	*r = (struct run){0};
	http_reader_init(&r->reader, &events, r);
	while (size && r->ends < REQUESTS_MAX) {
		n = piece && piece < size ? piece : size;
		took = http_reader_feed(&r->reader, data, n);
		assert(took <= n);
		data += took;
		size -= took;
		if (r->reader.error.code != ERR_NONE)
			break;
		if (r->reader.ended)
			http_reader_next(&r->reader);
		else
			assert(took == n);
	}
	http_reader_fini(&r->reader);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run whole, pieces;

	if (size < 1)
		return 0;
	run(&whole, data + 1, size - 1, 0);
	run(&pieces, data + 1, size - 1, data[0] % 64 + 1u);
	assert(whole.heads == pieces.heads);
	assert(whole.ends == pieces.ends);
	/* An error may come before or after the good bytes of its piece. */
	if (whole.reader.error.code == ERR_NONE &&
	    pieces.reader.error.code == ERR_NONE)
		assert(whole.hash == pieces.hash);
	return 0;
}
