/*
 * Idempotency-Key of the POSTs that create no sandbox (those have their own in
 * store_sandbox_create). Kept for 24 h: status, resource and problem.
 */
#pragma once

#include <stdint.h>

#include "err.h"
#include "id.h"
#include "store/store.h"

#define STORE_IDEM_KEY_MAX 255

enum store_idem_outcome {
	STORE_IDEM_CLAIMED,  /* ours: do it, then finish */
	STORE_IDEM_DONE,     /* render `resource` again, or `problem` */
	STORE_IDEM_RUNNING,  /* the first request runs */
	STORE_IDEM_CONFLICT, /* another request under this key */
};
struct store_idem {
	enum store_idem_outcome outcome;
	char resource[ID_SIZE]; /* CLAIMED: the caller's */
	int64_t status;		/* of the first answer, for DONE */
	struct err problem;	/* code ERR_NONE when it succeeded */
};

struct store_idem_claim {
	const char *account, *key;
	const uint8_t *request_hash; /* 32 bytes */
	const char *resource;	     /* the id that the request will make */
	int64_t lease_s; /* unfinished after that, it may be claimed again */
};

int store_idem_claim(struct store *s, const struct store_idem_claim *c,
		     struct store_idem *out, struct err *e);
/* What the request came to; `problem` NULL when it succeeded. */
int store_idem_finish(struct store *s, const char *account, const char *key,
		      int status, const struct err *problem, struct err *e);
/* It succeeded, by the `resource` of its claim. */
int store_idem_settle(struct store *s, const char *resource, int status,
		      struct err *e);
/* Gives the key back: the request failed in a way that a repeat may mend. */
int store_idem_release(struct store *s, const char *account, const char *key,
		       struct err *e);
