/*
 * The HTTP server: one Unix socket, nginx at its other end. A connection
 * carries one request at a time; further ones wait in it. Bodies stream both
 * ways: whoever reads slowly stops whoever sends.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "http_request.h"
#include "model/grant.h"

struct event_base;
struct http_exchange;
struct http_server;

#define HTTP_CONNS_MAX 4096
#define HTTP_PENDING_MAX \
	((size_t)512 * 1024) /* bytes of an answer unsent: wait */
#define HTTP_HEAD_S 10	     /* to send a head */
#define HTTP_STALL_S 75	     /* without a byte of a body, either way */
#define HTTP_DISCARD_S 10    /* for a body that nobody wants */

/* What a request's handler hears. None is called after http_finish or
 * http_abort. Any may be NULL. */
struct http_events {
	void (*body)(void *ctx, const uint8_t *p, size_t n);
	void (*end)(void *ctx); /* the request's last byte came */
	void (*drained)(
		void *ctx);	 /* less than half of HTTP_PENDING_MAX waits */
	void (*gone)(void *ctx); /* the client left: forget the exchange */
};

/* A request and its answer. */
struct http_exchange {
	const struct http_request *request;
	const struct http_events *events; /* the handler's */
	void *ctx;
	struct grant grant; /* the router's */
	char request_id[65];
	struct buf headers; /* of the answer */
	int status;	    /* of the answer; 0: not begun */
	int64_t left;	    /* bytes of the answer's body not given yet */
};

/* `head` gets every request once its head is whole. `fd` listens and is taken
 * over. NULL on error. */
struct http_server *http_new(struct event_base *base, int fd,
			     void (*head)(void *arg, struct http_exchange *x),
			     void *arg, struct err *e);
void http_free(struct http_server *s);
/* No new connections; each goes after its request. */
void http_stop(struct http_server *s);
/* Requests that have no whole answer yet. */
size_t http_busy(const struct http_server *s);

/* Adds a header to the answer that is not begun; the value is ours. */
void http_header(struct http_exchange *x, const char *name, const char *fmt,
		 ...) __attribute__((format(printf, 3, 4)));
/* Begins the answer. `type` NULL: there is no body. */
void http_start(struct http_exchange *x, int status, const char *type,
		int64_t length);
void http_data(struct http_exchange *x, const void *p, size_t n);
/* The answer is whole: the exchange must not be used any more. */
void http_finish(struct http_exchange *x);
/* All three. */
void http_send(struct http_exchange *x, int status, const char *type,
	       const void *body, size_t n);
/* Breaks an answer off; the client sees that it is cut. */
void http_abort(struct http_exchange *x);
/* Bytes of the answer that wait to be sent. */
size_t http_pending(struct http_exchange *x);
/* Stops and goes on reading the request's body. */
void http_pause(struct http_exchange *x);
void http_resume(struct http_exchange *x);
