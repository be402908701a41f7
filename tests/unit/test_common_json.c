#include "field.h"

#include <string.h>

#include "../support/cmocka_all.h"
#include "auto.h"
#include "err.h"

static void
expect_refused(const char *text, size_t n)
{
	struct err e = {0};

	assert_null(json_parse(text, n, 4, &e));
	assert_int_equal(e.code, ERR_INVALID_REQUEST);
	assert_int_not_equal(e.msg[0], '\0');
}

static void
strict(void **state)
{
	static const char *const bad[] = {
		"",
		" ",
		"{",
		"{}x",
		"{} {}",
		"[1,]",
		"{\"a\":1,\"a\":2}",
		"nul",
		"'a'",
		"\"\\u0000\"",
		"\"\xff\"",
		"\"\xc0\xaf\"",
		"01",
		"1e999",
		"99999999999999999999",
		"\"\n\"",
		"\"\\ud800\"",
		"\xef\xbb\xbf{}",
		"//x\n1",
		"{a:1}",
		"{\"a\\u0000b\":1}",
		"NaN",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_refused(bad[i], strlen(bad[i]));
	expect_refused("1\0", 2);
	expect_refused("\"a\0b\"", 5);
}

static void
takes_any_value(void **state)
{
	static const char *const good[] = {
		"null",		"true", "1",  "-0.5",
		"\"\xc3\xa9\"", "[]",	"{}", " [ 1 , {\"a\":[]} ] "};
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		auto_json json_t *j =
			json_parse(good[i], strlen(good[i]), 4, &e);

		assert_non_null(j);
	}
}

static void
depth_is_counted_outside_strings(void **state)
{
	static const char four[] = "[[[{\"[[[[\\\"[[\":\"{{{{{\"}]]]";
	static const char five[] = "[[[[[]]]]]";
	struct err e = {0};
	auto_json json_t *j = json_parse(four, strlen(four), 4, &e);

	(void)state;
	assert_non_null(j);
	assert_null(json_parse(five, strlen(five), 4, &e));
	assert_non_null(strstr(e.msg, "deeper than 4"));
	assert_null(json_parse("[]", 2, 0, &e));
}

static void
a_million_brackets_do_not_recurse(void **state)
{
	size_t n = 1000000;
	auto_free char *text = malloc(n);

	(void)state;
	memset(text, '[', n);
	expect_refused(text, n);
}

static void
errors_do_not_quote_the_input(void **state)
{
	static const char text[] = "{\"password\": hunter2}";
	struct err e = {0};

	(void)state;
	assert_null(json_parse(text, strlen(text), 4, &e));
	assert_null(strstr(e.msg, "hunter2"));
	assert_non_null(strstr(e.msg, "line 1"));
}

static void
text_is_compact_and_ordered(void **state)
{
	static const char text[] = "{\"z\":[1,2.5],\"a\":{\"b\":null}}";
	struct err e;
	auto_json json_t *j = json_parse(text, strlen(text), 4, &e);
	auto_free char *back = json_text(j);

	(void)state;
	assert_string_equal(back, text);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(strict),
		cmocka_unit_test(takes_any_value),
		cmocka_unit_test(depth_is_counted_outside_strings),
		cmocka_unit_test(a_million_brackets_do_not_recurse),
		cmocka_unit_test(errors_do_not_quote_the_input),
		cmocka_unit_test(text_is_compact_and_ordered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
