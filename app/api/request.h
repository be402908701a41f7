/* One request as the web server passed it on. Strings live as long as it. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "model/query.h"

struct err;

#define REQUEST_PATH_MAX 1024

/* Where a request comes from: FastCGI, or a test. */
struct request_source {
	/* NULL when absent. */
	const char *(*param)(void *arg, const char *name);
	/* Appends the whole body: 0, or -1 when `out` would pass its cap or
	 * the sender went away. */
	int (*body)(void *arg, struct buf *out);
	void *arg;
};

struct request {
	const struct request_source *source;
	const char *method, *path, *request_id, *query_text;
	bool alias;	    /* came on an unversioned route */
	struct query query; /* after request_query */
	struct buf body;    /* after request_body */
	bool body_read;
};

/* Checks what the web server passed on. Needs request_fini in any case. */
int request_init(struct request *r, const struct request_source *source,
		 struct err *e);
void request_fini(struct request *r);
/* Makes it the request that an authorisation asks about: its method and path,
 * without the body. */
int request_retarget(struct request *r, struct err *e);

/* Reads the query string into r->query. */
int request_query(struct request *r, struct err *e);
/* "" when absent. */
const char *request_param(const struct request *r, const char *name);
/* Reads the body once, at most REQ_BODY_MAX bytes. */
int request_body(struct request *r, struct err *e);
/* UNSUPPORTED_MEDIA_TYPE for a body that says it is something else than JSON. */
int request_check_type(struct request *r, struct err *e);
/* The body as a JSON object (none: an empty one), its type checked. NULL on
 * error; owned by the caller. */
json_t *request_json(struct request *r, struct err *e);
