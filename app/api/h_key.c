#include "handlers.h"

#include <string.h>

#include "api.h"
#include "auto.h"
#include "call.h"
#include "err.h"
#include "model/api_key.h"
#include "model/req_key.h"
#include "page.h"
#include "request.h"
#include "response.h"
#include "text.h"
#include "timeutil.h"

static json_t *
key_json(const struct store_key *k)
{
	const struct api_key_view v = {
		.id = k->id,
		.name = k->name,
		.prefix = k->prefix,
		.scope = key_scope_name(k->scope),
		.last_used_us = k->last_used_us,
		.expires_us = k->expires_us,
		.created_us = k->created_us,
	};

	return api_key_json(&v);
}

static int
add_key(void *arg, const struct store_key *k)
{
	return page_add(arg, k->seq, key_json(k));
}

int
h_key_list(struct call *c, struct err *e)
{
	static const char *const args[] = {"limit", "cursor", NULL};
	struct page p = {0};
	int rc = -1;

	if (query_allow(&c->req->query, args, e) == 0 &&
	    page_init(&p, c, e) == 0 &&
	    store_key_list(c->api->store, c->who.account.id, p.before,
			   p.limit + 1, add_key, &p, e) == 0)
		rc = page_answer(&p, c, e);
	page_fini(&p);
	return rc;
}

static int
read_key(struct call *c, json_t *body, struct store_key *k, struct err *e)
{
	struct req_key r;
	int scope;

	if (req_key_read(body, &r, &k->expires_us, e))
		return -1;
	scope = key_scope_from_name(r.scope);
	if (scope < 0)
		return err_field(e, "scope",
				 "scope: must be full, sandbox or read_only");
	k->scope = (enum key_scope)scope;
	text_copy(k->name, sizeof(k->name), r.name);
	text_copy(k->account, sizeof(k->account), c->who.account.id);
	id_make(k->id, ID_KEY);
	return 0;
}

/* The answer is the only place that ever holds the secret. */
static int
answer_key(struct call *c, const struct store_key *k, const char *secret,
	   struct err *e)
{
	response_header(c->resp, "Cache-Control", "no-store");
	return response_json(
		c->resp, 201,
		json_pack("{s:s, s:o}", "key", secret, "info", key_json(k)), e);
}

int
h_key_create(struct call *c, struct err *e)
{
	auto_json json_t *body = request_json(c->req, e);
	struct store_key k = {.created_us = time_unix_us()};
	char secret[API_KEY_TEXT_SIZE];
	uint8_t hash[API_KEY_HASH_SIZE];
	int rc = -1;

	if (!body || read_key(c, body, &k, e))
		return -1;
	api_key_make(secret);
	api_key_hash(secret, hash);
	memcpy(k.prefix, secret, API_KEY_SHOWN);
	if (store_key_create(c->api->store, &k, hash, e) == 0)
		rc = answer_key(c, &k, secret, e);
	explicit_bzero(secret, sizeof(secret));
	return rc;
}

int
h_key_revoke(struct call *c, struct err *e)
{
	const char *id = c->match.params[0];

	c->subject_type = "key";
	c->subject_id = id;
	if (!id_valid(id, ID_KEY))
		return err_set(e, ERR_KEY_NOT_FOUND, "no key %s", id);
	if (store_key_revoke(c->api->store, c->who.account.id, id, e)) {
		if (e->code != ERR_KEY_NOT_FOUND)
			return -1;
		return err_set(e, ERR_KEY_NOT_FOUND, "no key %s", id);
	}
	response_empty(c->resp, 204);
	return 0;
}
