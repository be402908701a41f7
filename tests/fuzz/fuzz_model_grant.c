/*
 * Grants as the gateway gets them: text from outside, and claims that are
 * signed with the right key but say anything.
 */
#include <assert.h>
#include <jwt.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auto.h"
#include "model/grant.h"

static const uint8_t key[GRANT_KEY_SIZE] = "0123456789abcdef0123456789abcde";

static void
verify(const char *token)
{
	struct grant g = {0};
	struct err e = {0};
	char jti[33];

	if (grant_verify(token, key, "host-a", "POST", "/v1/sandboxes", &g, jti,
			 &e) == 0) {
		assert(strlen(jti) == 32 && g.op < GRANT_OP_COUNT);
		return;
	}
	assert(e.code == ERR_UNAUTHENTICATED);
}

/* The text with a life of now, so that other claims come into play; NULL when
 * it is no object. */
static char *
freshen(const char *text)
{
	auto_json json_t *o = json_loads(text, 0, NULL);
	time_t now = time(NULL);

	if (!json_is_object(o))
		return NULL;
	if (json_object_get(o, "exp"))
		json_object_set_new(o, "exp", json_integer(now + GRANT_LIFE_S));
	if (json_object_get(o, "iat"))
		json_object_set_new(o, "iat", json_integer(now));
	return json_dumps(o, JSON_COMPACT);
}

static char *
sign(const char *text)
{
	auto_free char *claims = freshen(text);
	jwt_t *jwt = NULL;
	char *token = NULL;

	if (claims && jwt_new(&jwt) == 0 &&
	    jwt_add_grants_json(jwt, claims) == 0 &&
	    jwt_set_alg(jwt, JWT_ALG_HS256, key, sizeof(key)) == 0)
		token = jwt_encode_str(jwt);
	jwt_free(jwt);
	return token;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = malloc(size + 1);
	auto_free char *token = NULL;

	memcpy(text, data, size);
	text[size] = '\0';
	verify(text);
	token = sign(text);
	if (token)
		verify(token);
	return 0;
}
