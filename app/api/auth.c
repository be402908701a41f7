#include "auth.h"

#include <string.h>
#include <strings.h>

#include "api.h"
#include "auto.h"
#include "buf.h"
#include "call.h"
#include "err.h"
#include "request.h"
#include "text.h"

#define BASIC_MAX 512 /* bytes of decoded user name and password */

static int
malformed(struct err *e)
{
	return err_set(e, ERR_UNAUTHENTICATED,
		       "the Authorization header holds no API key");
}

/* What follows `scheme` and blanks; NULL when it is another scheme. */
static const char *
after_scheme(const char *value, const char *scheme)
{
	size_t n = strlen(scheme);

	if (strncasecmp(value, scheme, n) != 0 || value[n] != ' ')
		return NULL;
	return value + n + strspn(value + n, " ");
}

static int
basic_user(const char *text, char out[API_KEY_TEXT_SIZE], struct err *e)
{
	auto_buf struct buf b = {0};
	char *colon;
	int rc;

	buf_init(&b, BASIC_MAX);
	if (text_add_base64_decoded(&b, text, strlen(text)))
		return malformed(e);
	colon = b.data ? memchr(b.data, ':', b.len) : NULL;
	if (!colon || memchr(b.data, '\0', b.len))
		return malformed(e);
	*colon = '\0';
	rc = text_copy(out, API_KEY_TEXT_SIZE, (const char *)b.data);
	explicit_bzero(b.data, b.len);
	return rc ? malformed(e) : 0;
}

int
auth_header(const char *value, char out[API_KEY_TEXT_SIZE], struct err *e)
{
	const char *bearer = after_scheme(value, "Bearer");
	const char *basic = after_scheme(value, "Basic");

	if (!value[0])
		return err_set(e, ERR_UNAUTHENTICATED,
			       "no Authorization header");
	if (basic && basic_user(basic, out, e))
		return -1;
	if (bearer && text_copy(out, API_KEY_TEXT_SIZE, bearer))
		return malformed(e);
	if ((!bearer && !basic) || !api_key_valid(out))
		return malformed(e);
	return 0;
}

/* One answer and the same work for a key that is unknown, revoked or expired:
 * a hash and a look-up by it. */
static int
find_key(struct call *c, const char *key, struct err *e)
{
	uint8_t hash[API_KEY_HASH_SIZE];
	struct store_principal who;

	api_key_hash(key, hash);
	if (store_key_find(c->api->store, hash, &who, e)) {
		if (e->code != ERR_UNAUTHENTICATED)
			return -1;
		return err_set(e, ERR_UNAUTHENTICATED,
			       "the API key is not valid");
	}
	if (who.expired || who.account.disabled)
		return err_set(e, ERR_UNAUTHENTICATED,
			       "the API key is not valid");
	c->who = who;
	return 0;
}

int
auth_call(struct call *c, struct err *e)
{
	char key[API_KEY_TEXT_SIZE] = "";
	int rc = auth_header(request_param(c->req, "HTTP_AUTHORIZATION"), key,
			     e);

	if (rc == 0)
		rc = find_key(c, key, e);
	explicit_bzero(key, sizeof(key));
	return rc;
}

int
auth_scope(const struct call *c, struct err *e)
{
	enum key_scope needed = c->match.route->scope;

	if (c->who.scope >= needed)
		return 0;
	return err_set(e, ERR_INSUFFICIENT_SCOPE,
		       "this needs a key of scope %s; this one has scope %s",
		       key_scope_name(needed), key_scope_name(c->who.scope));
}
