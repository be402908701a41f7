/* The Authorization header, and what each scope may do. */
#include "../support/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "api/auth.h"
#include "api/call.h"
#include "buf.h"
#include "err.h"
#include "text.h"

#define KEY "caged_sk_0123456789abcdefghijABCDEFGHIJ_-0123456789a"

static void
basic(const char *user_and_password, size_t n, struct buf *out)
{
	buf_init(out, 4096);
	buf_addstr(out, "Basic ");
	text_add_base64(out, user_and_password, n);
}

static void
keys_are_found(void **state)
{
	static const char *const headers[] = {"Bearer " KEY, "bearer " KEY,
					      "BEARER   " KEY};
	static const char *const users[] = {KEY ":", KEY ":password",
					    KEY ":a:b"};
	char out[API_KEY_TEXT_SIZE];
	struct err e;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct buf b;

		memset(out, 0, sizeof(out));
		assert_int_equal(auth_header(headers[i], out, &e), 0);
		assert_string_equal(out, KEY);
		memset(out, 0, sizeof(out));
		basic(users[i], strlen(users[i]), &b);
		assert_int_equal(auth_header(buf_str(&b), out, &e), 0);
		assert_string_equal(out, KEY);
		buf_fini(&b);
	}
}

static void
refused(const char *header)
{
	char out[API_KEY_TEXT_SIZE];
	struct err e = {0};

	assert_int_equal(auth_header(header, out, &e), -1);
	assert_int_equal(e.code, ERR_UNAUTHENTICATED);
	/* Nothing of the header is repeated. */
	assert_null(strstr(e.msg, "0123456789"));
}

static void
anything_else_is_refused(void **state)
{
	static const char *const headers[] = {
		"",
		" ",
		"Bearer",
		"Bearer ",
		"Bearer" KEY,
		"Bearer " KEY "x",
		"Bearer " KEY " ",
		"Bearer caged_sk_0123456789",
		"Bearer caged_pk_0123456789abcdefghijABCDEFGHIJ_-0123456789a",
		"Bearer caged_sk_0123456789abcdefghijABCDEFGHIJ+/0123456789a",
		KEY,
		"Token " KEY,
		"Basic",
		"Basic ",
		"Basic !!!!",
		"Basic " KEY,
		"Basic YQ==",
		"Basic Og==",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		refused(headers[i]);
}

static void
basic_users_are_exact(void **state)
{
	struct buf b;
	char *big = malloc(2000);

	(void)state;
	basic(KEY, strlen(KEY), &b);
	refused(buf_str(&b));
	buf_fini(&b);
	basic(KEY "\0:", strlen(KEY) + 2, &b);
	refused(buf_str(&b));
	buf_fini(&b);
	memset(big, ':', 2000);
	memcpy(big, KEY, strlen(KEY));
	basic(big, 2000, &b);
	refused(buf_str(&b));
	buf_fini(&b);
	free(big);
}

static void
no_prefix_of_a_header_is_a_key(void **state)
{
	char header[] = "Bearer " KEY;

	(void)state;
	for (size_t n = strlen(header); n-- > 0;) {
		header[n] = '\0';
		refused(header);
	}
}

static void
scopes_contain_each_other(void **state)
{
	(void)state;
	for (size_t i = 0; i < routes_count; i++)
		for (int s = 0; s < KEY_SCOPE_COUNT; s++) {
			struct call c = {
				.match.route = &routes[i],
				.who.scope = (enum key_scope)s,
			};
			struct err e = {0};
			bool may = s >= (int)routes[i].scope;

			assert_int_equal(auth_scope(&c, &e), may ? 0 : -1);
			assert_int_equal(e.code, may ? ERR_NONE
						     : ERR_INSUFFICIENT_SCOPE);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_found),
		cmocka_unit_test(anything_else_is_refused),
		cmocka_unit_test(basic_users_are_exact),
		cmocka_unit_test(no_prefix_of_a_header_is_a_key),
		cmocka_unit_test(scopes_contain_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
