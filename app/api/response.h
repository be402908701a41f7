/* The answer to one request, whole before a byte of it is sent. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "buf.h"

struct err;

#define RESPONSE_BODY_MAX (16 << 20)

struct response {
	int status;
	struct buf headers; /* "Name: value\r\n" ... */
	struct buf body;
};

void response_init(struct response *r);
void response_fini(struct response *r);
/* Forgets the status and the body; headers stay. */
void response_reset(struct response *r);

/* Control characters in the value become '?'. */
void response_header(struct response *r, const char *name, const char *value);
void response_header_int(struct response *r, const char *name, long long value);

/* Takes `j` over; NULL stands for "no memory". 0 or -1. */
int response_json(struct response *r, int status, json_t *j, struct err *e);
/* A status without a body. */
void response_empty(struct response *r, int status);
/* Answers with a problem, which it takes over (NULL: no memory), and with
 * Retry-After when that is not 0. */
void response_problem(struct response *r, const struct err *e, json_t *problem,
		      int retry_after_s);
