/* Accounts and their API keys. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "id.h"
#include "store/store.h"

#define STORE_KEY_HASH_SIZE 32 /* SHA-256 of the whole key text */
#define STORE_KEY_PREFIX_SIZE 17
#define STORE_NAME_SIZE 129
#define STORE_PLAN_SIZE 17

/* KEY_SCOPE(name): from the least to the most. */
#define KEY_SCOPES(X) X(read_only) X(sandbox) X(full)
enum key_scope {
#define KEY_SCOPE(name) KEY_SCOPE_##name,
	KEY_SCOPES(KEY_SCOPE)
#undef KEY_SCOPE
		KEY_SCOPE_COUNT
};
const char *key_scope_name(enum key_scope s);
int key_scope_from_name(const char *name); /* takes "read" too; -1 unknown */

/* ACCOUNT_PLAN(name): limits are conf's rate_NAME and sandboxes_NAME. */
#define ACCOUNT_PLANS(X) X(free) X(pro) X(team) X(enterprise)
bool account_plan_valid(const char *name);

struct store_account {
	uint64_t seq;
	char id[ID_SIZE];
	char name[STORE_NAME_SIZE];
	char plan[STORE_PLAN_SIZE];
	int64_t rate_per_minute; /* the account's own or its plan's; 0: no limit
				  */
	int64_t max_sandboxes;	 /* the same */
	bool disabled;
	int64_t created_us;
};

/* Who a key speaks for. */
struct store_principal {
	struct store_account account;
	char key[ID_SIZE];
	enum key_scope scope;
	bool expired;
};

struct store_key {
	uint64_t seq; /* the list cursor */
	char id[ID_SIZE];
	char account[ID_SIZE];
	char name[STORE_NAME_SIZE];
	char prefix[STORE_KEY_PREFIX_SIZE]; /* the key's first characters */
	enum key_scope scope;
	int64_t created_us, expires_us, last_used_us;
};

/*
 * UNAUTHENTICATED when the key is unknown or revoked. Whether the account is
 * disabled or the key expired is for the caller to refuse. Notes the use, at
 * most once a minute.
 */
int store_key_find(struct store *s, const uint8_t hash[STORE_KEY_HASH_SIZE],
		   struct store_principal *out, struct err *e);

/* NOT_FOUND when there is none. */
int store_account_get(struct store *s, const char *id,
		      struct store_account *out, struct err *e);
/* By id or by name, for the operator. */
int store_account_find(struct store *s, const char *id_or_name,
		       struct store_account *out, struct err *e);
/* WRONG_STATE when the name is taken. `a`: id, name and plan are used. */
int store_account_create(struct store *s, const struct store_account *a,
			 struct err *e);
int store_account_list(struct store *s,
		       int (*fn)(void *arg, const struct store_account *a),
		       void *arg, struct err *e);

/* `k`: id, account, name, prefix, scope and expires_us are used. */
int store_key_create(struct store *s, const struct store_key *k,
		     const uint8_t hash[STORE_KEY_HASH_SIZE], struct err *e);
/* One that is not revoked. KEY_NOT_FOUND. */
int store_key_get(struct store *s, const char *account, const char *id,
		  struct store_key *out, struct err *e);
/* Newest first, those with seq < before (0: from the newest), at most `limit`,
 * revoked ones left out. Stops when fn is not 0. */
int store_key_list(struct store *s, const char *account, uint64_t before,
		   int limit, int (*fn)(void *arg, const struct store_key *k),
		   void *arg, struct err *e);
/* KEY_NOT_FOUND when the account has no such key, or it is revoked already. */
int store_key_revoke(struct store *s, const char *account, const char *id,
		     struct err *e);
