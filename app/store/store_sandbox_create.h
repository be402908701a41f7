/*
 * The transaction that makes a sandbox: quota, Idempotency-Key, row, plan and
 * first transition.
 */
#pragma once

#include "err.h"
#include "model/sandbox.h"
#include "store/store.h"

#define STORE_PLAN_MAX 524288 /* bytes of ciphertext */
#define STORE_OWNER_MAX 64

struct store_create {
	struct sandbox sandbox; /* what the client wants; op_id = boot = 1 */
	int64_t max_sandboxes;	/* the account's; 0: no limit */
	const char *owner;	/* who works at it: "api:<pid>" */
	int64_t lease_s;
	const char *actor; /* "key:<id>" */
	const void *plan;  /* ciphertext; NULL: none */
	size_t plan_len;
	const char *idem_key;	  /* NULL: the client gave none */
	uint8_t request_hash[32]; /* HMAC of method, route and body */
};

enum store_create_outcome {
	STORE_CREATED,	  /* the row is there: call vmctl */
	STORE_OVER_QUOTA, /* nothing was written */
	STORE_REPLAY,	  /* `sandbox` is the first request's: render its row */
	STORE_STILL_CREATING, /* the first request runs: IDEMPOTENCY_RUNNING */
	STORE_PROBLEM,	      /* the first request failed with `problem` */
	STORE_CONFLICT, /* another body under this key: IDEMPOTENCY_CONFLICT */
};

struct store_create_result {
	enum store_create_outcome outcome;
	char sandbox[ID_SIZE]; /* for REPLAY, STILL_CREATING and PROBLEM */
	struct err problem;    /* for PROBLEM */
	int64_t count;	       /* for OVER_QUOTA: sandboxes there are */
};

/* One transaction; safe to run again with the same sandbox id. */
int store_sandbox_create(struct store *s, const struct store_create *c,
			 struct store_create_result *out, struct err *e);
