/* Finds the row of routes.def for a method and a path. */
#pragma once

#include <stddef.h>

#include "model/grant.h"
#include "store/store_key.h"

struct call;
struct err;

#define ROUTE_PUBLIC 1u	  /* no key needed */
#define ROUTE_SECRET 2u	  /* answers with a secret: takes no Idempotency-Key */
#define ROUTE_ABSENT 4u	  /* not implemented */
#define ROUTE_NO_QUERY 8u /* the query string is for the gateway to read */

#define ROUTE_PARAMS_MAX 2
#define ROUTE_PARAM_SIZE 128 /* longer segments match nothing */

struct route {
	const char *method;
	const char *pattern;
	enum key_scope scope;
	int (*handle)(struct call *c, struct err *e);
	enum grant_op op; /* of FILE_ROUTE rows */
	unsigned flags;
};

struct route_match {
	const struct route *route;
	char params[ROUTE_PARAMS_MAX][ROUTE_PARAM_SIZE]; /* in their order */
	char allow[64]; /* the methods of the path, when it has any */
};

extern const struct route routes[];
extern const size_t routes_count;

/*
 * 0, or -1 with NOT_FOUND, or METHOD_NOT_ALLOWED and `allow` set. A path
 * matches exactly: no trailing slash, no empty segment.
 */
int router_find(const char *method, const char *path, struct route_match *out,
		struct err *e);
