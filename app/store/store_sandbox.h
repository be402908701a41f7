/* Sandboxes: reading their rows, and what a client may change of them. */
#pragma once

#include "model/sandbox.h"
#include "store/store.h"

struct buf;

/* `account` NULL: any (gateway, keeper). SANDBOX_NOT_FOUND. */
int store_sandbox_get(struct store *s, const char *account, const char *id,
		      struct sandbox *out, struct err *e);

struct store_sandbox_query {
	const char *account;
	unsigned states;	  /* bits 1u << enum sandbox_state */
	const char *metadata_has; /* JSON object to be contained; NULL: any */
	uint64_t before; /* seq of the last one seen; 0: from the newest */
	int limit;
};
/* The states of a public status ("running"); 0 when there is no such status. */
unsigned store_states_of(const char *status);
/* Every state whose public status is not "destroyed". */
unsigned store_states_live(void);
/* Newest first. Stops when fn is not 0. */
int store_sandbox_list(struct store *s, const struct store_sandbox_query *q,
		       int (*fn)(void *arg, const struct sandbox *sb),
		       void *arg, struct err *e);

struct store_patch {
	const char *name;	  /* NULL: unchanged */
	const char *metadata;	  /* JSON object; NULL: unchanged */
	const int64_t *timeout_s; /* NULL: unchanged */
};
/* SANDBOX_NOT_FOUND; SANDBOX_DESTROYED when it is destroying or destroyed. */
int store_sandbox_patch(struct store *s, const char *account, const char *id,
			const struct store_patch *p, struct err *e);

/* Notes activity of a running sandbox; of another it does nothing. */
int store_sandbox_touch(struct store *s, const char *id, struct err *e);
/* Up to `limit` sandboxes of `host` whose lifetime is over. */
int store_sandbox_expired(struct store *s, const char *host, int limit,
			  int (*fn)(void *arg, const char *id), void *arg,
			  struct err *e);

/* The ciphertext into `out`; none: `out` stays empty. */
int store_plan_get(struct store *s, const char *sandbox, struct buf *out,
		   struct err *e);

/* A row as reconcile sees it. */
struct store_host_row {
	struct sandbox sandbox;
	bool lease_over;      /* by the database's clock */
	int64_t lease_over_s; /* for how long; 0 when it is not */
};
/* Rows of `host` that are not destroyed, oldest first, seq > after. */
int store_sandbox_host_rows(struct store *s, const char *host, uint64_t after,
			    int limit,
			    int (*fn)(void *arg,
				      const struct store_host_row *r),
			    void *arg, struct err *e);
