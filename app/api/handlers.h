/*
 * The handlers of routes.def. Each fills the response and returns 0, or
 * returns -1 and leaves the problem to the dispatcher.
 */
#pragma once

struct call;
struct err;

#define ROUTE(method, pattern, scope, handler, flags) \
	int handler(struct call *c, struct err *e);
#define FILE_ROUTE(method, pattern, scope, op)
#define LATER(method, pattern)
#include "routes.def"
#undef ROUTE
#undef FILE_ROUTE
#undef LATER

/* Every FILE_ROUTE: hands over to the gateway. */
int h_file(struct call *c, struct err *e);
