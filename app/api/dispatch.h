/* From a request to its response: route, key, rate, scope, handler, problem. */
#pragma once

struct api;
struct call;
struct err;
struct request_source;
struct response;

/* Always fills `out`. Writes a log line for an answer of 500 or more. */
void dispatch(struct api *a, const struct request_source *source,
	      struct response *out);
/*
 * Finds the route of c->req and who asks; counts the request and checks scope
 * and Idempotency-Key. 0: the route's handler may run.
 */
int dispatch_admit(struct call *c, struct err *e);
