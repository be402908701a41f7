#include "idem_key.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "api.h"
#include "call.h"
#include "err.h"
#include "model/plan_crypt.h"
#include "request.h"
#include "store/store_idempotency.h"
#include "text.h"

#define HEADER "Idempotency-Key"
#define PARTS_MAX 4

static bool
printable(const char *s)
{
	for (; *s; s++)
		if (*s < 0x21 || *s > 0x7e)
			return false;
	return true;
}

int
idem_key_read(struct call *c, struct err *e)
{
	const struct request_source *from = c->req->source;
	const char *key = from->param(from->arg, "HTTP_IDEMPOTENCY_KEY");

	if (!key || strcmp(c->req->method, "POST") != 0)
		return 0;
	if (c->match.route->flags & ROUTE_SECRET)
		return err_field(e, HEADER,
				 HEADER ": this answers with a secret, which "
					"is never kept for a repeat");
	if (!key[0] || strlen(key) > STORE_IDEM_KEY_MAX || !printable(key))
		return err_field(e, HEADER,
				 HEADER ": must be 1 to %d printable "
					"characters",
				 STORE_IDEM_KEY_MAX);
	c->idem_key = key;
	return 0;
}

struct part {
	const void *data;
	size_t len;
};

#define TEXT_PART(s) \
	{ \
		s, strlen(s) \
	}

/* HMAC of the parts' own HMACs, so that no two lists of parts are alike. */
static void
mac(const struct call *c, const struct part *parts, size_t n,
    uint8_t out[IDEM_KEY_HASH_SIZE])
{
	const uint8_t *key = c->api->plan_key;
	uint8_t sums[PARTS_MAX * IDEM_KEY_HASH_SIZE];

	assert(n <= PARTS_MAX);
	for (size_t i = 0; i < n; i++)
		HMAC(EVP_sha256(), key, PLAN_KEY_SIZE, parts[i].data,
		     parts[i].len, sums + i * IDEM_KEY_HASH_SIZE, NULL);
	HMAC(EVP_sha256(), key, PLAN_KEY_SIZE, sums, n * IDEM_KEY_HASH_SIZE,
	     out, NULL);
}

void
idem_key_hash(const struct call *c, uint8_t out[IDEM_KEY_HASH_SIZE])
{
	const struct part parts[] = {
		TEXT_PART(c->req->method),
		TEXT_PART(c->req->path),
		{buf_str(&c->req->body), c->req->body.len}};

	mac(c, parts, 3, out);
}

void
idem_key_exec(const struct call *c, char out[ID_SIZE])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	uint8_t request[IDEM_KEY_HASH_SIZE];
	const struct part parts[] = {TEXT_PART(c->who.account.id),
				     TEXT_PART(c->idem_key),
				     {request, sizeof(request)}};
	size_t prefix = strlen(ID_EXEC);
	uint8_t sum[IDEM_KEY_HASH_SIZE];

	idem_key_hash(c, request);
	mac(c, parts, 3, sum);
	text_copy(out, ID_SIZE, ID_EXEC);
	for (size_t i = 0; i < ID_RANDOM_LEN; i++)
		out[prefix + i] = letters[sum[i] % 36];
	out[prefix + ID_RANDOM_LEN] = '\0';
}
