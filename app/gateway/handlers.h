/*
 * One function for each row of routes.def. It answers at once, or sets
 * x->events and x->ctx and answers later. `body` is the whole body of a json
 * row, else NULL; it is borrowed for the call.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct gateway;
struct http_exchange;

typedef void handler(struct gateway *gw, struct http_exchange *x,
		     const uint8_t *body, size_t n);

#define ROUTE(op, method, tail, body, fn) handler fn;
#include "routes.def"
#undef ROUTE
