/* application/problem+json: how every refusal looks. */
#pragma once

#include <jansson.h>

struct err;

#define PROBLEM_TYPE "application/problem+json"
/* WWW-Authenticate of every UNAUTHENTICATED. */
#define PROBLEM_CHALLENGE "Bearer realm=\"caged\""

/* subject_type and subject_id may be NULL. Owned by the caller. */
json_t *problem_json(const struct err *e, const char *request_id,
		     const char *subject_type, const char *subject_id);
/* The error as a client may see it: the words of some name files and sockets of
 * this host, which are for the log. */
struct err problem_public(const struct err *e);
/* Seconds for Retry-After, 0 when the error is not retryable. */
int problem_retry_after(const struct err *e);
