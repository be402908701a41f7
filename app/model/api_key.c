#include "api_key.h"

#include <assert.h>
#include <openssl/sha.h>
#include <string.h>

#include "id.h"
#include "jtime.h"

static const char secret_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz"
				     "0123456789_-";

void
api_key_make(char out[API_KEY_TEXT_SIZE])
{
	size_t prefix = sizeof(API_KEY_PREFIX) - 1;
	uint8_t raw[API_KEY_SECRET_LEN];

	static_assert(sizeof(API_KEY_PREFIX) + API_KEY_SECRET_LEN <=
			      API_KEY_TEXT_SIZE,
		      "a key fits");
	static_assert(sizeof(secret_letters) == 65, "six bits a letter");
	random_bytes(raw, sizeof(raw));
	memcpy(out, API_KEY_PREFIX, prefix);
	for (size_t i = 0; i < sizeof(raw); i++)
		out[prefix + i] = secret_letters[raw[i] & 63];
	out[prefix + sizeof(raw)] = '\0';
	explicit_bzero(raw, sizeof(raw));
}

bool
api_key_valid(const char *text)
{
	size_t prefix = sizeof(API_KEY_PREFIX) - 1;

	return strncmp(text, API_KEY_PREFIX, prefix) == 0 &&
	       strlen(text + prefix) == API_KEY_SECRET_LEN &&
	       strspn(text + prefix, secret_letters) == API_KEY_SECRET_LEN;
}

void
api_key_hash(const char *text, uint8_t out[API_KEY_HASH_SIZE])
{
	SHA256((const uint8_t *)text, strlen(text), out);
}

json_t *
api_key_json(const struct api_key_view *k)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "id", k->id,
			 "name", k->name, "prefix", k->prefix, "scope",
			 k->scope, "last_used", jtime_or_null(k->last_used_us),
			 "expires_at", jtime_or_null(k->expires_us),
			 "created_at", jtime_or_null(k->created_us));
}
