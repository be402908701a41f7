/* What the JSON bodies of requests have in common. */
#pragma once

#include <jansson.h>
#include <stddef.h>

struct err;

#define REQ_BODY_MAX (1 << 20) /* bytes of a JSON body */
#define REQ_DEPTH 8	       /* of its nesting */
#define REQ_ENV_MAX 256	       /* variables */
#define REQ_ENV_NAME_MAX 128   /* bytes */
#define REQ_ENV_TEXT_MAX \
	49152			/* bytes of the whole as JSON: one OPEN frame \
				 */
#define REQ_METADATA_MAX 64	/* members */
#define REQ_TIMEOUT_MAX 2592000 /* seconds of idleness: 30 days */

/* A JSON object of at most REQ_BODY_MAX bytes; nothing but blanks reads as {}.
 * Owned by the caller; NULL and INVALID_REQUEST otherwise. */
json_t *req_parse(const void *text, size_t len, struct err *e);

/* Each: 0 or -1 with INVALID_REQUEST. NULL is fine. */
int req_check_env(json_t *env, struct err *e);
int req_check_metadata(json_t *metadata, struct err *e);
/* Text for people: no control characters. */
int req_check_label(const char *field, const char *text, struct err *e);

/* A field of a feature that is not there yet. */
struct req_later {
	const char *name;
	const char *neutral; /* a word that means "off", or NULL */
};
/* NOT_IMPLEMENTED for the first row whose field is set to something other than
 * null, "", 0, false, [], {} or its neutral word. */
int req_refuse_later(const json_t *body, const struct req_later *rows, size_t n,
		     struct err *e);
