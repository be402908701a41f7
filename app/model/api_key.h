/* API keys as the database keeps them and as the API shows them. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "id.h"

/* API_KEY_SCOPE(name): what a key may do; read_only has the alias "read". */
#define API_KEY_SCOPES(X) X(full) X(sandbox) X(read_only)

enum api_key_scope {
#define API_KEY_SCOPE(name) API_KEY_SCOPE_##name,
	API_KEY_SCOPES(API_KEY_SCOPE)
#undef API_KEY_SCOPE
	API_KEY_SCOPE_COUNT
};

#define API_KEY_NAME_MAX 128
#define API_KEY_PREFIX "caged_sk_"
#define API_KEY_SECRET_LEN 43 /* after the prefix, [A-Za-z0-9_-]: 256 bits */
#define API_KEY_TEXT_SIZE 56
#define API_KEY_SHOWN 14 /* bytes of a key that lists show */
#define API_KEY_HASH_SIZE 32

/* Times are microseconds since 1970, 0 for never. */
struct api_key {
	uint64_t seq; /* order of creation; the list cursor */
	char id[ID_SIZE];
	char account[ID_SIZE];
	char name[API_KEY_NAME_MAX + 1];
	char prefix[API_KEY_SHOWN + 1];
	enum api_key_scope scope;
	int64_t last_used_us, expires_us, created_us;
};

const char *api_key_scope_name(enum api_key_scope s);
int api_key_scope_from_name(const char *name); /* -1 when unknown */

/* A fresh secret key from getrandom(2). */
void api_key_make(char out[API_KEY_TEXT_SIZE]);
/* Has the shape of a key; says nothing about its being known. */
bool api_key_valid(const char *text);
/* SHA-256 of the key's text: what the database keeps. */
void api_key_hash(const char *text, uint8_t out[API_KEY_HASH_SIZE]);

/* The `info` of a key, never the secret; owned by the caller. */
json_t *api_key_json(const struct api_key *k);
