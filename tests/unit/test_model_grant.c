/* Grants: nobody but us makes one, and each is good for one thing. */
#include "../support/cmocka_all.h"

#include <jansson.h>
#include <jwt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auto.h"
#include "model/grant.h"

#define PATH "/v1/sandboxes/cage-0123456789abcdef/exec"

static const uint8_t key[GRANT_KEY_SIZE] = "0123456789abcdef0123456789abcde";

static struct grant
sample(void)
{
	return (struct grant){.op = GRANT_OP_exec,
			      .host = "host-a",
			      .sandbox = "cage-0123456789abcdef",
			      .boot = 7,
			      .account = "acct-0123456789abcdef",
			      .key = "key-0123456789abcdef",
			      .request_id = "request-1",
			      .exec = "exec-0123456789abcdef",
			      .idem = "exec-abcdef0123456789",
			      .json_alias = true,
			      .method = "POST",
			      .path = PATH};
}

static int
verify(const char *token, struct grant *out)
{
	struct err e = {0};
	char jti[33];
	int rc = grant_verify(token, key, "host-a", "POST", PATH, out, jti, &e);

	if (rc)
		assert_int_equal(e.code, ERR_UNAUTHENTICATED);
	return rc;
}

static void
sign(const struct grant *g, char token[GRANT_TEXT_MAX])
{
	struct err e;

	assert_int_equal(grant_sign(g, key, token, &e), 0);
}

static void
what_was_signed_comes_back(void **state)
{
	struct grant g = sample(), out;
	char token[GRANT_TEXT_MAX];

	(void)state;
	sign(&g, token);
	assert_int_equal(verify(token, &out), 0);
	assert_int_equal(out.op, GRANT_OP_exec);
	assert_string_equal(out.sandbox, g.sandbox);
	assert_string_equal(out.account, g.account);
	assert_string_equal(out.key, g.key);
	assert_string_equal(out.request_id, g.request_id);
	assert_string_equal(out.exec, g.exec);
	assert_string_equal(out.idem, g.idem);
	assert_int_equal(out.boot, 7);
	assert_true(out.json_alias);
	assert_string_equal(out.method, "POST");
	assert_string_equal(out.path, PATH);
}

static void
every_operation_survives(void **state)
{
	(void)state;
	for (int i = 0; i < GRANT_OP_refuse; i++) {
		struct grant g = sample(), out;
		char token[GRANT_TEXT_MAX];

		g.op = (enum grant_op)i;
		sign(&g, token);
		assert_int_equal(verify(token, &out), 0);
		assert_int_equal(out.op, i);
	}
}

static void
a_refusal_carries_its_problem(void **state)
{
	struct grant g = {.op = GRANT_OP_refuse,
			  .host = "host-a",
			  .method = "POST",
			  .path = PATH,
			  .retry_after_s = 9};
	struct grant out;
	char token[GRANT_TEXT_MAX];

	(void)state;
	err_field(&g.refusal, "path", "path: \"\\\xc3\xa9 missing");
	sign(&g, token);
	assert_int_equal(verify(token, &out), 0);
	assert_int_equal(out.op, GRANT_OP_refuse);
	assert_int_equal(out.refusal.code, ERR_INVALID_REQUEST);
	assert_string_equal(out.refusal.msg, g.refusal.msg);
	assert_string_equal(out.refusal.field, "path");
	assert_int_equal(out.retry_after_s, 9);
	assert_string_equal(out.sandbox, "");
}

static void
each_has_its_own_id(void **state)
{
	struct grant g = sample(), out;
	char token[GRANT_TEXT_MAX], first[33], second[33];
	struct err e;

	(void)state;
	sign(&g, token);
	assert_int_equal(grant_verify(token, key, "host-a", "POST", PATH, &out,
				      first, &e),
			 0);
	sign(&g, token);
	assert_int_equal(grant_verify(token, key, "host-a", "POST", PATH, &out,
				      second, &e),
			 0);
	assert_int_equal(strlen(first), 32);
	assert_string_not_equal(first, second);
}

static void
good_for_one_request_only(void **state)
{
	static const struct {
		const char *host, *method, *path;
	} others[] = {
		{"host-b", "POST", PATH},
		{"host-", "POST", PATH},
		{"", "POST", PATH},
		{"host-a", "GET", PATH},
		{"host-a", "post", PATH},
		{"host-a", "POST", PATH "/"},
		{"host-a", "POST", "/v1/sandboxes/cage-0/exec"},
		{"host-a", "POST /v1", "/sandboxes"},
		{"host-a", "", ""},
	};
	struct grant g = sample(), out;
	char token[GRANT_TEXT_MAX], jti[33];

	(void)state;
	sign(&g, token);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct err e = {0};

		assert_int_equal(grant_verify(token, key, others[i].host,
					      others[i].method, others[i].path,
					      &out, jti, &e),
				 -1);
		assert_int_equal(e.code, ERR_UNAUTHENTICATED);
	}
}

static void
a_path_too_long_matches_nothing(void **state)
{
	struct grant out;
	char path[4096], token[GRANT_TEXT_MAX], jti[33];
	struct grant g = sample();
	struct err e;

	(void)state;
	memset(path, 'a', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	sign(&g, token);
	assert_int_equal(
		grant_verify(token, key, "host-a", "POST", path, &out, jti, &e),
		-1);
}

static void
no_prefix_is_valid(void **state)
{
	struct grant g = sample(), out;
	char token[GRANT_TEXT_MAX];

	(void)state;
	sign(&g, token);
	for (size_t n = strlen(token); n-- > 0;) {
		token[n] = '\0';
		assert_int_equal(verify(token, &out), -1);
	}
}

/* The last letter of a part has bits that no byte needs; all others count. */
static void
no_changed_letter_is_valid(void **state)
{
	struct grant g = sample(), out;
	char token[GRANT_TEXT_MAX];
	size_t n;

	(void)state;
	sign(&g, token);
	n = strlen(token);
	for (size_t i = 0; i < n; i++) {
		char was = token[i];
		bool last = i + 1 == n || token[i + 1] == '.';

		token[i] = was == 'A' ? 'B' : 'A';
		if (!last)
			assert_int_equal(verify(token, &out), -1);
		token[i] = was;
	}
	assert_int_equal(verify(token, &out), 0);
}

static void
another_key_does_not_open_it(void **state)
{
	uint8_t other[GRANT_KEY_SIZE];
	struct grant g = sample(), out;
	char token[GRANT_TEXT_MAX], jti[33];
	struct err e;

	(void)state;
	memcpy(other, key, sizeof(other));
	other[31] ^= 1;
	sign(&g, token);
	assert_int_equal(grant_verify(token, other, "host-a", "POST", PATH,
				      &out, jti, &e),
			 -1);
}

/* A token of ours with one claim changed, signed as `alg` by the key. */
static char *
forge(const char *claims, jwt_alg_t alg)
{
	jwt_t *jwt = NULL;
	char *token;

	assert_int_equal(jwt_new(&jwt), 0);
	assert_int_equal(jwt_add_grants_json(jwt, claims), 0);
	assert_int_equal(jwt_set_alg(jwt, alg, alg == JWT_ALG_NONE ? NULL : key,
				     alg == JWT_ALG_NONE ? 0 : sizeof(key)),
			 0);
	token = jwt_encode_str(jwt);
	assert_non_null(token);
	jwt_free(jwt);
	return token;
}

/* The claims of a fresh token, with `name` set to `value` (JSON; NULL: gone).
 */
static char *
changed_claims(const char *name, const char *value)
{
	struct grant g = sample();
	char token[GRANT_TEXT_MAX];
	jwt_t *jwt = NULL;
	json_t *o;
	char *text;

	sign(&g, token);
	assert_int_equal(jwt_decode(&jwt, token, key, sizeof(key)), 0);
	text = jwt_get_grants_json(jwt, NULL);
	o = json_loads(text, 0, NULL);
	free(text);
	jwt_free(jwt);
	if (name && value)
		json_object_set_new(o, name,
				    json_loads(value, JSON_DECODE_ANY, NULL));
	else if (name)
		json_object_del(o, name);
	text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	return text;
}

static int
verify_forged(const char *name, const char *value, jwt_alg_t alg)
{
	char *claims = changed_claims(name, value);
	char *token = forge(claims, alg);
	struct grant out;
	int rc = verify(token, &out);

	free(token);
	free(claims);
	return rc;
}

static void
only_hs256_is_taken(void **state)
{
	(void)state;
	assert_int_equal(verify_forged(NULL, NULL, JWT_ALG_HS256), 0);
	assert_int_equal(verify_forged(NULL, NULL, JWT_ALG_NONE), -1);
	assert_int_equal(verify_forged(NULL, NULL, JWT_ALG_HS384), -1);
	assert_int_equal(verify_forged(NULL, NULL, JWT_ALG_HS512), -1);
}

/* A token of ours made at `iat` that ends at `exp`, in seconds from now. */
static int
verify_life(long long iat, long long exp)
{
	auto_free char *text = changed_claims(NULL, NULL);
	auto_json json_t *o = json_loads(text, 0, NULL);
	auto_free char *claims = NULL;
	auto_free char *token = NULL;
	struct grant out;
	time_t t = time(NULL);

	json_object_set_new(o, "iat", json_integer(t + iat));
	json_object_set_new(o, "exp", json_integer(t + exp));
	claims = json_dumps(o, JSON_COMPACT);
	token = forge(claims, JWT_ALG_HS256);
	return verify(token, &out);
}

static void
life_is_checked(void **state)
{
	(void)state;
	assert_int_equal(verify_life(0, 30), 0);
	assert_int_equal(verify_life(-25, 5), 0);
	assert_int_equal(verify_life(-31, -1), -1);
	assert_int_equal(verify_life(-30, 0), -1);
	assert_int_equal(verify_life(0, 3600), -1);
	assert_int_equal(verify_life(-60, 30), -1);
	assert_int_equal(verify_life(600, 630), -1);
	assert_int_equal(verify_forged("exp", NULL, JWT_ALG_HS256), -1);
	assert_int_equal(verify_forged("iat", NULL, JWT_ALG_HS256), -1);
	assert_int_equal(verify_forged("exp", "\"never\"", JWT_ALG_HS256), -1);
}

static void
odd_claims_are_refused(void **state)
{
	static const struct {
		const char *name, *value;
	} odd[] = {
		{"op", "\"format_disk\""},
		{"op", NULL},
		{"op", "7"},
		{"sandbox", "\"cage-1\""},
		{"sandbox", NULL},
		{"jti", "\"short\""},
		{"jti", NULL},
		{"aud", "[\"gateway/host-a\"]"},
		{"aud", NULL},
		{"ph", NULL},
		{"extra", "1"},
		{"boot", "-1"},
		{"exec", "{}"},
		{"rid", "[[1]]"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		assert_int_equal(
			verify_forged(odd[i].name, odd[i].value, JWT_ALG_HS256),
			-1);
}

static void
junk_is_refused(void **state)
{
	static const char *const junk[] = {
		"", ".", "..", "...", "a.b.c", "e30.e30.", "\xff\xfe"};
	char *big = malloc(1 << 16);
	struct grant out;

	(void)state;
	for (size_t i = 0; i < sizeof(junk) / sizeof(junk[0]); i++)
		assert_int_equal(verify(junk[i], &out), -1);
	memset(big, 'a', (1 << 16) - 1);
	big[(1 << 16) - 1] = '\0';
	assert_int_equal(verify(big, &out), -1);
	free(big);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_signed_comes_back),
		cmocka_unit_test(every_operation_survives),
		cmocka_unit_test(a_refusal_carries_its_problem),
		cmocka_unit_test(each_has_its_own_id),
		cmocka_unit_test(good_for_one_request_only),
		cmocka_unit_test(a_path_too_long_matches_nothing),
		cmocka_unit_test(no_prefix_is_valid),
		cmocka_unit_test(no_changed_letter_is_valid),
		cmocka_unit_test(another_key_does_not_open_it),
		cmocka_unit_test(only_hs256_is_taken),
		cmocka_unit_test(life_is_checked),
		cmocka_unit_test(odd_claims_are_refused),
		cmocka_unit_test(junk_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
