#include "http.h"

#include <assert.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auto.h"
#include "err.h"
#include "field.h"
#include "model/problem.h"

#define READ_MAX ((size_t)65536) /* bytes of input held; one read */

LIST_HEAD(conn_list, http_conn);

struct http_conn {
	LIST_ENTRY(http_conn) link; /* http_server.conns or dead */
	struct http_server *server;
	struct bufferevent *bev;
	struct http_reader reader;
	struct http_exchange x;
	bool answering; /* x is with its handler */
	bool paused;	/* the handler takes no more of the body */
	bool last;	/* closed once the answer is sent */
	bool closed;	/* in http_server.dead */
};

struct http_server {
	struct event_base *base;
	struct evconnlistener *listener;
	void (*head)(void *arg, struct http_exchange *x);
	void *arg;
	struct conn_list conns;
	struct conn_list dead; /* freed by the loop: we may be inside them */
	struct event *reaper;
	size_t count, busy;
	bool stopping;
};

static struct http_conn *
conn_of(struct http_exchange *x)
{
	return (struct http_conn *)(void *)((char *)x -
					    offsetof(struct http_conn, x));
}

static void
conn_free(struct http_conn *c)
{
	struct http_server *s = c->server;

	s->count--;
	if (!s->stopping && s->listener)
		evconnlistener_enable(s->listener);
	bufferevent_free(c->bev);
	http_reader_fini(&c->reader);
	buf_fini(&c->x.headers);
	free(c);
}

static void
reap(evutil_socket_t fd, short what, void *arg)
{
	struct http_server *s = arg;
	struct http_conn *c, *next;

	(void)fd;
	(void)what;
	c = LIST_FIRST(&s->dead);
	LIST_INIT(&s->dead);
	for (; c; c = next) {
		next = LIST_NEXT(c, link);
		conn_free(c);
	}
}

/* The exchange ends; its handler hears of it when it did not end it itself. */
static void
leave(struct http_conn *c, bool tell)
{
	const struct http_events *events = c->x.events;

	if (!c->answering)
		return;
	c->answering = false;
	c->server->busy--;
	c->x.events = NULL;
	if (tell && events && events->gone)
		events->gone(c->x.ctx);
}

static void
conn_close(struct http_conn *c)
{
	if (c->closed)
		return;
	c->closed = true;
	LIST_REMOVE(c, link);
	LIST_INSERT_HEAD(&c->server->dead, c, link);
	event_active(c->server->reaper, EV_TIMEOUT, 0);
	bufferevent_setcb(c->bev, NULL, NULL, NULL, NULL);
	bufferevent_disable(c->bev, EV_READ | EV_WRITE);
	leave(c, true);
}

/* How long the client may take for what it has to do now; 0: for ever. */
static void
set_patience(struct http_conn *c)
{
	struct timeval stall = {.tv_sec = HTTP_STALL_S};
	struct timeval tv = {0};

	if (!c->answering && !http_reader_idle(&c->reader))
		tv.tv_sec = c->reader.head_done ? HTTP_DISCARD_S : HTTP_HEAD_S;
	else if (c->answering && !c->reader.ended && !c->paused)
		tv.tv_sec = HTTP_STALL_S;
	bufferevent_set_timeouts(c->bev, tv.tv_sec ? &tv : NULL, &stall);
}

static void
on_head(void *arg)
{
	struct http_conn *c = arg;

	c->answering = true;
	c->server->busy++;
	c->x.request = &c->reader.request;
	c->x.events = NULL;
	c->x.ctx = NULL;
	c->x.status = 0;
	c->x.left = 0;
	buf_reset(&c->x.headers);
	c->last = c->server->stopping || !c->reader.request.keep_alive;
	c->server->head(c->server->arg, &c->x);
}

static void
on_body(void *arg, const uint8_t *p, size_t n)
{
	struct http_conn *c = arg;

	if (c->answering && c->x.events && c->x.events->body)
		c->x.events->body(c->x.ctx, p, n);
}

static void
on_end(void *arg)
{
	struct http_conn *c = arg;

	if (c->answering && c->x.events && c->x.events->end)
		c->x.events->end(c->x.ctx);
}

static const struct http_reader_events reader_events = {
	.head = on_head,
	.body = on_body,
	.end = on_end,
};

/* What is not HTTP is answered as far as that is possible, then closed. */
static void
refuse(struct http_conn *c)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);
	const struct err *e = &c->reader.error;
	int status = err_status(e->code);
	auto_json json_t *problem = problem_json(e, "-", NULL, NULL);
	auto_free char *text = problem ? json_text(problem) : NULL;

	if (c->answering || !text) {
		conn_close(c); /* the body broke */
		return;
	}
	c->last = true;
	bufferevent_disable(c->bev, EV_READ);
	evbuffer_add_printf(out,
			    "HTTP/1.1 %d %s\r\nContent-Type: %s\r\n"
			    "Content-Length: %zu\r\nConnection: close\r\n\r\n"
			    "%s",
			    status, err_title(status), PROBLEM_TYPE,
			    strlen(text), text);
}

/* The last answer of the connection is sent and its request read. */
static bool
done(const struct http_conn *c)
{
	bool read = c->reader.ended || c->reader.error.code != ERR_NONE;

	return !c->answering && c->last && read &&
	       evbuffer_get_length(bufferevent_get_output(c->bev)) == 0;
}

/* One request ended and is answered: on to the next. */
static bool
turn(struct http_conn *c)
{
	if (!c->reader.ended)
		return true;
	if (c->answering || c->last)
		return false;
	http_reader_next(&c->reader);
	return true;
}

static void
take_input(struct http_conn *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	struct evbuffer_iovec v;
	size_t n;

	while (!c->closed && !c->paused && c->reader.error.code == ERR_NONE &&
	       turn(c) && evbuffer_peek(in, -1, NULL, &v, 1) > 0) {
		n = http_reader_feed(&c->reader, v.iov_base, v.iov_len);
		if (!c->closed)
			evbuffer_drain(in, n);
		if (!c->closed && c->reader.error.code != ERR_NONE)
			refuse(c);
	}
	if (!c->closed && done(c))
		conn_close(c);
	if (!c->closed)
		set_patience(c);
}

static void
on_read(struct bufferevent *bev, void *arg)
{
	(void)bev;
	take_input(arg);
}

static void
on_write(struct bufferevent *bev, void *arg)
{
	struct http_conn *c = arg;

	(void)bev;
	if (c->answering && c->x.status && c->x.events && c->x.events->drained)
		c->x.events->drained(c->x.ctx);
	else if (!c->closed && done(c))
		conn_close(c);
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	(void)what; /* end of file, error or timeout: all the same */
	conn_close(arg);
}

static void
on_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *sa,
	  int len, void *arg)
{
	struct http_server *s = arg;
	struct http_conn *c = calloc(1, sizeof(*c));

	(void)sa;
	(void)len;
	if (c)
		c->bev = bufferevent_socket_new(s->base, fd,
						BEV_OPT_CLOSE_ON_FREE);
	if (!c || !c->bev) {
		free(c);
		close(fd);
		return;
	}
	c->server = s;
	LIST_INSERT_HEAD(&s->conns, c, link);
	if (++s->count >= HTTP_CONNS_MAX)
		evconnlistener_disable(l);
	http_reader_init(&c->reader, &reader_events, c);
	buf_init(&c->x.headers, 4096);
	bufferevent_setcb(c->bev, on_read, on_write, on_event, c);
	bufferevent_setwatermark(c->bev, EV_READ, 0, READ_MAX);
	bufferevent_setwatermark(c->bev, EV_WRITE, HTTP_PENDING_MAX / 2, 0);
	bufferevent_set_max_single_read(c->bev, READ_MAX);
	bufferevent_set_max_single_write(c->bev, 4 * READ_MAX);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

/* Out of descriptors: until one of ours is closed. */
static void
on_accept_error(struct evconnlistener *l, void *arg)
{
	struct http_server *s = arg;

	if (s->count)
		evconnlistener_disable(l);
}

struct http_server *
http_new(struct event_base *base, int fd,
	 void (*head)(void *arg, struct http_exchange *x), void *arg,
	 struct err *e)
{
	struct http_server *s = calloc(1, sizeof(*s));

	if (s)
		s->listener = evconnlistener_new(
			base, on_accept, s,
			LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (s && s->listener)
		s->reaper = event_new(base, -1, 0, reap, s);
	if (!s || !s->reaper) {
		err_errno(e, "serve HTTP");
		if (s && s->listener)
			evconnlistener_free(s->listener);
		else
			close(fd);
		free(s);
		return NULL;
	}
	evconnlistener_set_error_cb(s->listener, on_accept_error);
	s->base = base;
	s->head = head;
	s->arg = arg;
	LIST_INIT(&s->conns);
	LIST_INIT(&s->dead);
	return s;
}

void
http_stop(struct http_server *s)
{
	struct http_conn *c, *next;

	if (s->listener)
		evconnlistener_free(s->listener);
	s->listener = NULL;
	s->stopping = true;
	for (c = LIST_FIRST(&s->conns); c; c = next) {
		next = LIST_NEXT(c, link);
		c->last = true;
		if (!c->answering && http_reader_idle(&c->reader))
			conn_close(c);
	}
}

void
http_free(struct http_server *s)
{
	if (!s)
		return;
	http_stop(s);
	while (!LIST_EMPTY(&s->conns))
		conn_close(LIST_FIRST(&s->conns));
	reap(-1, 0, s);
	event_free(s->reaper);
	free(s);
}

size_t
http_busy(const struct http_server *s)
{
	return s->busy;
}

void
http_header(struct http_exchange *x, const char *name, const char *fmt, ...)
{
	char value[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	assert(x->status == 0 && !strpbrk(value, "\r\n"));
	buf_addf(&x->headers, "%s: %s\r\n", name, value);
}

void
http_start(struct http_exchange *x, int status, const char *type,
	   int64_t length)
{
	struct http_conn *c = conn_of(x);
	struct evbuffer *out = bufferevent_get_output(c->bev);

	assert(c->answering && x->status == 0);
	x->status = status;
	x->left = type ? length : 0;
	evbuffer_add_printf(out, "HTTP/1.1 %d %s\r\n%s", status,
			    http_status_str((enum http_status)status),
			    buf_str(&x->headers));
	if (type)
		evbuffer_add_printf(out, "Content-Type: %s\r\n", type);
	if (status != 204 && status != 304)
		evbuffer_add_printf(out, "Content-Length: %lld\r\n",
				    (long long)x->left);
	evbuffer_add_printf(out, "%s\r\n",
			    c->last ? "Connection: close\r\n" : "");
}

void
http_data(struct http_exchange *x, const void *p, size_t n)
{
	struct http_conn *c = conn_of(x);

	assert(x->status && (uint64_t)x->left >= n);
	x->left -= (int64_t)n;
	evbuffer_add(bufferevent_get_output(c->bev), p, n);
}

void
http_finish(struct http_exchange *x)
{
	struct http_conn *c = conn_of(x);

	assert(c->answering && x->status && x->left == 0);
	leave(c, false);
	if (c->server->stopping)
		c->last = true;
	c->paused = false;
	bufferevent_enable(c->bev, EV_READ);
	/* What follows in the connection, or what is left of a body. */
	bufferevent_trigger(c->bev, EV_READ, BEV_TRIG_DEFER_CALLBACKS);
}

void
http_send(struct http_exchange *x, int status, const char *type,
	  const void *body, size_t n)
{
	http_start(x, status, type, (int64_t)n);
	if (n)
		http_data(x, body, n);
	http_finish(x);
}

void
http_abort(struct http_exchange *x)
{
	struct http_conn *c = conn_of(x);

	leave(c, false);
	conn_close(c);
}

size_t
http_pending(struct http_exchange *x)
{
	return evbuffer_get_length(bufferevent_get_output(conn_of(x)->bev));
}

void
http_pause(struct http_exchange *x)
{
	struct http_conn *c = conn_of(x);

	c->paused = true;
	bufferevent_disable(c->bev, EV_READ);
}

void
http_resume(struct http_exchange *x)
{
	struct http_conn *c = conn_of(x);

	if (!c->paused)
		return;
	c->paused = false;
	bufferevent_enable(c->bev, EV_READ);
	bufferevent_trigger(c->bev, EV_READ, BEV_TRIG_DEFER_CALLBACKS);
}
