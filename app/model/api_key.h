/* API keys: their text, what is kept of it, and how the API shows a key. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define API_KEY_PREFIX "caged_sk_"
#define API_KEY_SECRET_LEN 43 /* after the prefix, [A-Za-z0-9_-]: 256 bits */
#define API_KEY_TEXT_SIZE 56
#define API_KEY_SHOWN 14 /* bytes of a key that lists show */
#define API_KEY_HASH_SIZE 32
#define API_KEY_NAME_MAX 128

/* A fresh secret key from getrandom(2). */
void api_key_make(char out[API_KEY_TEXT_SIZE]);
/* Has the shape of a key; says nothing about its being known. */
bool api_key_valid(const char *text);
/* SHA-256 of the key's text: what the database keeps. */
void api_key_hash(const char *text, uint8_t out[API_KEY_HASH_SIZE]);

/* Strings are borrowed; times are microseconds since 1970, 0 for never. */
struct api_key_view {
	const char *id, *name, *prefix, *scope;
	int64_t last_used_us, expires_us, created_us;
};

/* The `info` of a key; owned by the caller. */
json_t *api_key_json(const struct api_key_view *k);
