#include "grant.h"

#include <assert.h>
#include <jansson.h>
#include <jwt.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "auto.h"
#include "field.h"
#include "text.h"
#include "timeutil.h"

/* Both sides read the same host's clock, which may be set back a little. */
#define CLOCK_SLACK_S 2

/*
 * The token's claims. `ph` is the hash of method and path; refusals carry
 * their problem. Strings are as long as struct grant's members.
 */
#define GRANT_CLAIMS(F, S) \
	F(S, STR, aud, 9, 72, FIELD_REQUIRED) \
	F(S, INT, iat, 0, INT64_MAX, FIELD_REQUIRED) \
	F(S, INT, exp, 0, INT64_MAX, FIELD_REQUIRED) \
	F(S, STR, jti, 32, 32, FIELD_REQUIRED) \
	F(S, STR, op, 1, 16, FIELD_REQUIRED) \
	F(S, STR, ph, 64, 64, FIELD_REQUIRED) \
	F(S, STR, sandbox, 0, ID_SIZE - 1, 0) \
	F(S, INT, boot, 0, INT64_MAX, 0) \
	F(S, STR, account, 0, ID_SIZE - 1, 0) \
	F(S, STR, key, 0, ID_SIZE - 1, 0) \
	F(S, STR, rid, 0, 64, 0) \
	F(S, STR, exec, 0, ID_SIZE - 1, 0) \
	F(S, STR, idem, 0, ID_SIZE - 1, 0) \
	F(S, BOOL, alias, 0, 0, 0) \
	F(S, STR, code, 1, 64, 0) \
	F(S, STR, msg, 0, ERR_MSG_SIZE - 1, 0) \
	F(S, STR, field, 0, ERR_FIELD_SIZE - 1, 0) \
	F(S, INT, retry, 0, 86400, 0)
FIELDS_DECLARE(grant_claims, GRANT_CLAIMS)
FIELDS_DEFINE(grant_claims, GRANT_CLAIMS)

static const char *const op_names[GRANT_OP_COUNT] = {
#define GRANT_OP(name) [GRANT_OP_##name] = #name,
	GRANT_OPS(GRANT_OP)
#undef GRANT_OP
};

static void
auto_jwt_fn(jwt_t **j)
{
	jwt_free(*j);
}

#define auto_jwt __attribute__((cleanup(auto_jwt_fn)))

const char *
grant_op_name(enum grant_op op)
{
	assert(op < GRANT_OP_COUNT);
	return op_names[op];
}

static int
op_from_name(const char *name)
{
	for (int i = 0; i < GRANT_OP_COUNT; i++)
		if (strcmp(op_names[i], name) == 0)
			return i;
	return -1;
}

/* Hex SHA-256 of what the grant is good for. */
static void
hash_target(const char *method, const char *path, char out[65])
{
	uint8_t sum[SHA256_DIGEST_LENGTH];
	char text[sizeof(((struct grant *)0)->method) +
		  sizeof(((struct grant *)0)->path)];
	int n = snprintf(text, sizeof(text), "%s %s", method, path);

	/* Longer ones are never signed, so a cut one matches nothing. */
	if (n < 0 || n >= (int)sizeof(text))
		n = 0;
	SHA256((const uint8_t *)text, (size_t)n, sum);
	text_hex(out, sum, sizeof(sum));
}

static void
set_str(const char **slot, bool *has, const char *value)
{
	*slot = value;
	*has = value[0] != '\0';
}

#define SET_STR(c, name, value) set_str(&(c)->name, &(c)->has_##name, value)
#define SET(c, name, value) ((c)->name = (value), (c)->has_##name = true)

static json_t *
claims_json(const struct grant *g)
{
	struct grant_claims c = {0};
	char aud[80], jti[33], ph[65];
	int64_t now = time_unix_us() / 1000000;
	uint8_t raw[16];

	random_bytes(raw, sizeof(raw));
	text_hex(jti, raw, sizeof(raw));
	hash_target(g->method, g->path, ph);
	snprintf(aud, sizeof(aud), "gateway/%s", g->host);
	SET_STR(&c, aud, aud);
	SET(&c, iat, now);
	SET(&c, exp, now + GRANT_LIFE_S);
	SET_STR(&c, jti, jti);
	SET_STR(&c, op, grant_op_name(g->op));
	SET_STR(&c, ph, ph);
	SET_STR(&c, sandbox, g->sandbox);
	SET(&c, boot, g->boot);
	SET_STR(&c, account, g->account);
	SET_STR(&c, key, g->key);
	SET_STR(&c, rid, g->request_id);
	SET_STR(&c, exec, g->exec);
	SET_STR(&c, idem, g->idem);
	SET(&c, alias, g->json_alias);
	if (g->op == GRANT_OP_refuse) {
		SET_STR(&c, code, err_name(g->refusal.code));
		SET_STR(&c, msg, g->refusal.msg);
		SET_STR(&c, field, g->refusal.field);
		SET(&c, retry, g->retry_after_s);
	}
	return field_write(&grant_claims_fields, &c);
}

int
grant_sign(const struct grant *g, const uint8_t key[GRANT_KEY_SIZE],
	   char out[GRANT_TEXT_MAX], struct err *e)
{
	auto_json json_t *claims = claims_json(g);
	auto_free char *text = claims ? json_text(claims) : NULL;
	auto_jwt jwt_t *jwt = NULL;
	auto_free char *token = NULL;

	if (!text || jwt_new(&jwt) || jwt_add_grants_json(jwt, text) ||
	    jwt_set_alg(jwt, JWT_ALG_HS256, key, GRANT_KEY_SIZE))
		return err_set(e, ERR_INTERNAL, "grant: cannot be made");
	token = jwt_encode_str(jwt);
	if (!token || text_copy(out, GRANT_TEXT_MAX, token))
		return err_set(e, ERR_INTERNAL, "grant: cannot be signed");
	return 0;
}

/* The claims of a token that we signed; NULL for any other. */
static json_t *
open_token(const char *token, const uint8_t *key)
{
	auto_jwt jwt_t *jwt = NULL;
	auto_free char *text = NULL;
	struct err unused;

	if (strnlen(token, GRANT_TEXT_MAX) == GRANT_TEXT_MAX ||
	    jwt_decode(&jwt, token, key, GRANT_KEY_SIZE) ||
	    jwt_get_alg(jwt) != JWT_ALG_HS256)
		return NULL;
	text = jwt_get_grants_json(jwt, NULL);
	return text ? json_parse(text, strlen(text), 2, &unused) : NULL;
}

static int
check_claims(const struct grant_claims *c, const char *host, const char *method,
	     const char *path, struct err *e)
{
	int64_t now = time_unix_us() / 1000000;
	char aud[80], ph[65];

	snprintf(aud, sizeof(aud), "gateway/%s", host);
	hash_target(method, path, ph);
	if (strcmp(c->aud, aud) != 0)
		return err_set(e, ERR_UNAUTHENTICATED,
			       "grant: for another gateway");
	if (c->exp <= now || c->exp - c->iat != GRANT_LIFE_S ||
	    c->iat > now + CLOCK_SLACK_S)
		return err_set(e, ERR_UNAUTHENTICATED, "grant: expired");
	if (strcmp(c->ph, ph) != 0)
		return err_set(e, ERR_UNAUTHENTICATED,
			       "grant: for another request");
	return 0;
}

static void
copy_claim(char *out, size_t size, const char *value)
{
	text_copy(out, size, value ? value : "");
}

#define COPY(g, name, value) copy_claim((g)->name, sizeof((g)->name), value)

/* -1: a claim that this version never writes. */
static int
fill_grant(const struct grant_claims *c, const char *host, const char *method,
	   const char *path, struct grant *g)
{
	int op = op_from_name(c->op);

	if (op < 0 || strlen(method) >= sizeof(g->method))
		return -1;
	*g = (struct grant){.op = (enum grant_op)op,
			    .boot = c->boot,
			    .json_alias = c->alias,
			    .retry_after_s = (int)c->retry};
	COPY(g, host, host);
	COPY(g, method, method);
	COPY(g, path, path);
	COPY(g, sandbox, c->sandbox);
	COPY(g, account, c->account);
	COPY(g, key, c->key);
	COPY(g, request_id, c->rid);
	COPY(g, exec, c->exec);
	COPY(g, idem, c->idem);
	if (g->op != GRANT_OP_refuse)
		return id_valid(g->sandbox, ID_SANDBOX) ? 0 : -1;
	g->refusal.code = c->code ? err_from_name(c->code) : ERR_NONE;
	COPY(g, refusal.msg, c->msg);
	COPY(g, refusal.field, c->field);
	return g->refusal.code == ERR_NONE ? -1 : 0;
}

int
grant_verify(const char *token, const uint8_t key[GRANT_KEY_SIZE],
	     const char *host, const char *method, const char *path,
	     struct grant *out, char jti[33], struct err *e)
{
	auto_json json_t *claims = open_token(token, key);
	struct grant_claims c;
	struct grant g;
	struct err why;

	if (!claims || field_read(&grant_claims_fields, claims, &c, &why))
		return err_set(e, ERR_UNAUTHENTICATED, "grant: not valid");
	if (check_claims(&c, host, method, path, e))
		return -1;
	if (fill_grant(&c, host, method, path, &g))
		return err_set(e, ERR_UNAUTHENTICATED, "grant: not valid");
	text_copy(jti, 33, c.jti);
	*out = g;
	return 0;
}
