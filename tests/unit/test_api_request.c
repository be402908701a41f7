/* Requests as they come in, Idempotency-Key, and answers as they go out. */
#include "../support/cmocka_all.h"
#include "../support/fake_source.h"

#include <stdlib.h>

#include "api/api.h"
#include "api/call.h"
#include "api/idem_key.h"
#include "api/response.h"
#include "auto.h"
#include "err.h"
#include "model/problem.h"
#include "model/req.h"

static struct fake_source
post(const char *type, const char *body)
{
	return (struct fake_source){{{"REQUEST_METHOD", "POST"},
				     {"DOCUMENT_URI", "/v1/sandboxes"},
				     {"REQUEST_ID", "request-1"},
				     {"CONTENT_TYPE", type}},
				    body,
				    false};
}

/* The code that reading a body as JSON ends with. */
static enum err_code
json_code(struct fake_source f)
{
	const struct request_source source = fake_request(&f);
	struct request r;
	struct err e = {0};
	json_t *j;

	assert_int_equal(request_init(&r, &source, &e), 0);
	j = request_json(&r, &e);
	request_fini(&r);
	json_decref(j);
	return j ? ERR_NONE : e.code;
}

static void
bodies_say_what_they_are(void **state)
{
	static const struct {
		const char *type, *body;
		enum err_code code;
	} cases[] = {
		{"application/json", "{}", ERR_NONE},
		{"Application/JSON; charset=utf-8", "{}", ERR_NONE},
		{"application/json;charset=utf-8", "{}", ERR_NONE},
		{NULL, "{}", ERR_NONE},
		{"text/plain", NULL, ERR_NONE},
		{"application/jsonx", "{}", ERR_UNSUPPORTED_MEDIA_TYPE},
		{"application/x-www-form-urlencoded", "{}",
		 ERR_UNSUPPORTED_MEDIA_TYPE},
		{"application/json", "{", ERR_INVALID_REQUEST},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(json_code(post(cases[i].type, cases[i].body)),
				 cases[i].code);
}

static void
bodies_have_a_size(void **state)
{
	char *big = malloc(REQ_BODY_MAX + 2);
	struct fake_source cut = post("application/json", "{}");

	(void)state;
	memset(big, ' ', REQ_BODY_MAX + 1);
	big[REQ_BODY_MAX + 1] = '\0';
	assert_int_equal(json_code(post(NULL, big)), ERR_BODY_TOO_LARGE);
	big[REQ_BODY_MAX] = '\0';
	assert_int_equal(json_code(post(NULL, big)), ERR_NONE);
	free(big);
	cut.cut = true;
	assert_int_equal(json_code(cut), ERR_INVALID_REQUEST);
}

static const struct route open_route = {.method = "POST"};
static const struct route secret_route = {.method = "POST",
					  .flags = ROUTE_SECRET};

static enum err_code
key_code(const char *method, const struct route *route, const char *key,
	 const char **out_key)
{
	struct fake_source f = {{{"REQUEST_METHOD", method},
				 {"DOCUMENT_URI", "/v1/sandboxes"},
				 {"HTTP_IDEMPOTENCY_KEY", key}},
				NULL,
				false};
	const struct request_source source = fake_request(&f);
	struct request r;
	struct call c = {.req = &r, .match.route = route};
	struct err e = {0};
	int rc;

	assert_int_equal(request_init(&r, &source, &e), 0);
	rc = idem_key_read(&c, &e);
	request_fini(&r);
	*out_key = c.idem_key;
	if (rc)
		assert_string_equal(e.field, "Idempotency-Key");
	return rc ? e.code : ERR_NONE;
}

static void
idempotency_keys_are_checked(void **state)
{
	char longest[257];
	const char *key;

	(void)state;
	memset(longest, 'k', 256);
	longest[256] = '\0';
	assert_int_equal(key_code("POST", &open_route, "k-1", &key), ERR_NONE);
	assert_string_equal(key, "k-1");
	assert_int_equal(key_code("POST", &open_route, longest + 1, &key),
			 ERR_NONE);
	assert_int_equal(key_code("POST", &open_route, longest, &key),
			 ERR_INVALID_REQUEST);
	assert_int_equal(key_code("POST", &open_route, "", &key),
			 ERR_INVALID_REQUEST);
	assert_int_equal(key_code("POST", &open_route, "a b", &key),
			 ERR_INVALID_REQUEST);
	assert_int_equal(key_code("POST", &open_route, "\xc3\xa9", &key),
			 ERR_INVALID_REQUEST);
	assert_null(key);
}

static void
idempotency_keys_are_for_posts(void **state)
{
	const char *key;

	(void)state;
	assert_int_equal(key_code("PATCH", &open_route, "k", &key), ERR_NONE);
	assert_null(key);
	assert_int_equal(key_code("POST", &open_route, NULL, &key), ERR_NONE);
	assert_null(key);
	assert_int_equal(key_code("POST", &secret_route, "k", &key),
			 ERR_INVALID_REQUEST);
	assert_int_equal(key_code("POST", &secret_route, NULL, &key), ERR_NONE);
}

struct variant {
	const char *account, *key, *path, *body;
};

static void
exec_id_of(const struct variant *v, char out[ID_SIZE])
{
	struct api api = {.plan_key = "0123456789abcdef0123456789abcde"};
	struct fake_source f = {
		{{"REQUEST_METHOD", "POST"}, {"DOCUMENT_URI", v->path}},
		v->body,
		false};
	const struct request_source source = fake_request(&f);
	struct request r;
	struct call c = {.api = &api, .req = &r, .idem_key = v->key};
	struct err e;

	strcpy(c.who.account.id, v->account);
	assert_int_equal(request_init(&r, &source, &e), 0);
	assert_int_equal(request_body(&r, &e), 0);
	idem_key_exec(&c, out);
	request_fini(&r);
}

/* The same request names the same command; any other another one. */
static void
exec_ids_follow_from_the_request(void **state)
{
	static const struct variant variants[] = {
		{"acct-a", "k", "/p", "b"},  {"acct-b", "k", "/p", "b"},
		{"acct-a", "kk", "/p", "b"}, {"acct-a", "k", "/pp", "b"},
		{"acct-a", "k", "/p", "bb"}, {"acct-ak", "", "/p", "b"},
		{"acct-a", "k", "/pb", ""},
	};
	char ids[7][ID_SIZE], again[ID_SIZE];

	(void)state;
	for (size_t i = 0; i < 7; i++) {
		exec_id_of(&variants[i], ids[i]);
		exec_id_of(&variants[i], again);
		assert_true(id_valid(ids[i], ID_EXEC));
		assert_string_equal(ids[i], again);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(ids[i], ids[k]);
	}
}

static void
headers_hold_one_line(void **state)
{
	struct response r;

	(void)state;
	response_init(&r);
	response_header(&r, "Link", "a\r\nSet-Cookie: b\x01\x7f");
	assert_string_equal(buf_str(&r.headers),
			    "Link: a??Set-Cookie: b??\r\n");
	response_fini(&r);
}

static void
an_answer_without_memory_is_still_json(void **state)
{
	struct response r;
	struct err e = {.code = ERR_NOT_FOUND};
	auto_json json_t *j = NULL;

	(void)state;
	response_init(&r);
	response_problem(&r, &e, NULL, 0);
	assert_int_equal(r.status, 500);
	j = json_loads(buf_str(&r.body), 0, NULL);
	assert_int_equal(json_integer_value(json_object_get(j, "status")), 500);
	assert_int_equal(response_json(&r, 200, NULL, &e), -1);
	assert_int_equal(e.code, ERR_INTERNAL);
	response_fini(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bodies_say_what_they_are),
		cmocka_unit_test(bodies_have_a_size),
		cmocka_unit_test(idempotency_keys_are_checked),
		cmocka_unit_test(idempotency_keys_are_for_posts),
		cmocka_unit_test(exec_ids_follow_from_the_request),
		cmocka_unit_test(headers_hold_one_line),
		cmocka_unit_test(an_answer_without_memory_is_still_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
