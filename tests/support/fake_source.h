/* A request that comes from a test and not from the web server. */
#pragma once

#include <stddef.h>
#include <string.h>

#include "api/request.h"

struct fake_param {
	const char *name, *value;
};

struct fake_source {
	struct fake_param params[16]; /* ended by a NULL name */
	const char *body;	      /* NULL: none */
	bool cut;		      /* the sender goes away before its end */
};

static inline const char *
fake_param(void *arg, const char *name)
{
	const struct fake_source *f = arg;

	for (size_t i = 0; i < 16 && f->params[i].name; i++)
		if (strcmp(f->params[i].name, name) == 0)
			return f->params[i].value;
	return NULL;
}

static inline int
fake_body(void *arg, struct buf *out)
{
	const struct fake_source *f = arg;

	if (f->cut)
		return -1;
	return f->body ? buf_addstr(out, f->body) : 0;
}

static inline struct request_source
fake_request(struct fake_source *f)
{
	return (struct request_source){fake_param, fake_body, f};
}
