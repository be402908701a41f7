/* API keys, and who they speak for. */
#pragma once

#include "store/store_account.h"

#define STORE_KEY_HASH_SIZE 32 /* SHA-256 of the whole key text */
#define STORE_KEY_PREFIX_SIZE 17

/* KEY_SCOPE(name): from the least to the most. */
#define KEY_SCOPES(X) X(read_only) X(sandbox) X(full)
enum key_scope {
#define KEY_SCOPE(name) KEY_SCOPE_##name,
	KEY_SCOPES(KEY_SCOPE)
#undef KEY_SCOPE
		KEY_SCOPE_COUNT
};
const char *key_scope_name(enum key_scope scope);
int key_scope_from_name(const char *name); /* takes "read" too; -1 unknown */

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
