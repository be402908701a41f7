/* Names of an allowlist: what is one, and the text that they make. */
#include <stdio.h>
#include <string.h>

#include "../support/cmocka_all.h"
#include "allowlist.h"
#include "auto.h"
#include "buf.h"
#include "err.h"

static void
names(void **state)
{
	static const char *const good[][2] = {
		{"example.com", "example.com"},
		{"*.example.com", "example.com"},
		{"Example.COM.", "example.com"},
		{"a.b.c.d-e.org", "a.b.c.d-e.org"},
		{"xn--bcher-kva.example", "xn--bcher-kva.example"},
		{"1.example", "1.example"},
		{"1e100.net", "1e100.net"},
	};
	char out[ALLOWLIST_NAME_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(allowlist_name(good[i][0], out), 0);
		assert_string_equal(out, good[i][1]);
	}
}

static void
not_names(void **state)
{
	static const char *const bad[] = {
		"",
		".",
		"*",
		"*.",
		"com",
		"*.com",
		"a..b",
		".a.b",
		"a.b..",
		"-a.b",
		"a-.b",
		"a_b.c",
		"a.b/c",
		"a.b#c",
		"a b.c",
		"a.b\n",
		"a.b\nserver=/c.d/1.2.3.4",
		"1.2.3.4",
		"10.1",
		"a.1",
		"*.*.a.b",
		"a.*.b",
		"\xc3\xbc.example",
		"a.b:53",
		"http://a.b",
		"[::1]",
		"a.b@c",
	};
	char out[ALLOWLIST_NAME_MAX + 1] = "untouched", label[80];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(allowlist_name(bad[i], out), -1);
	memset(label, 'a', 64);
	strcpy(label + 64, ".org");
	assert_int_equal(allowlist_name(label, out), -1);
	assert_string_equal(out, "untouched");
	assert_int_equal(allowlist_name(label + 1, out), 0);
}

static void
the_longest(void **state)
{
	char name[ALLOWLIST_NAME_MAX + 3], out[ALLOWLIST_NAME_MAX + 1];

	(void)state;
	for (size_t i = 0; i < ALLOWLIST_NAME_MAX; i++)
		name[i] = i % 2 ? '.' : 'a';
	name[ALLOWLIST_NAME_MAX] = '\0';
	assert_int_equal(allowlist_name(name, out), 0);
	assert_string_equal(out, name);
	strcpy(name + ALLOWLIST_NAME_MAX, ".a");
	assert_int_equal(allowlist_name(name, out), -1);
}

static void
lists(void **state)
{
	auto_json json_t *in = json_pack("[s, s, s, s]", "b.org", "*.a.b.org",
					 "B.org.", "xb.org");
	auto_json json_t *out = NULL, *same = NULL;
	auto_buf struct buf b = {0};
	struct err e;

	(void)state;
	buf_init(&b, ALLOWLIST_TEXT_MAX);
	assert_int_equal(allowlist_read(in, &b, &e), 0);
	assert_string_equal(buf_str(&b), "b.org\na.b.org\nxb.org\n");
	assert_int_equal(allowlist_check(buf_str(&b), &e), 0);
	out = allowlist_json(buf_str(&b));
	same = json_pack("[s, s, s]", "b.org", "a.b.org", "xb.org");
	assert_true(json_equal(out, same));
	assert_int_equal(allowlist_check("b.org", &e), -1);
	assert_int_equal(allowlist_check("B.org\n", &e), -1);
	assert_int_equal(allowlist_check("b.org\nb.org\n", &e), -1);
	assert_int_equal(allowlist_check("", &e), 0);
}

static void
refused_lists(void **state)
{
	auto_json json_t *wrong = json_pack("[s, i]", "a.org", 7);
	auto_json json_t *many = json_array(), *large = json_array();
	auto_buf struct buf b = {0};
	char name[ALLOWLIST_NAME_MAX + 1];
	struct err e = {0};

	(void)state;
	buf_init(&b, ALLOWLIST_TEXT_MAX);
	assert_int_equal(allowlist_read(wrong, &b, &e), -1);
	assert_int_equal(e.code, ERR_INVALID_REQUEST);
	assert_string_equal(e.field, "allowlist");
	for (int i = 0; i <= ALLOWLIST_MAX; i++) {
		snprintf(name, sizeof(name), "%d.%0*d.%0*d.%0*d.org", i, 63, 0,
			 63, 0, 63, 0);
		json_array_append_new(many, json_string("a.org"));
		if (i < ALLOWLIST_MAX)
			json_array_append_new(large, json_string(name));
	}
	buf_reset(&b);
	assert_int_equal(allowlist_read(many, &b, &e), -1);
	buf_reset(&b);
	assert_int_equal(allowlist_read(large, &b, &e), -1);
	assert_non_null(strstr(e.msg, "longer"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),	 cmocka_unit_test(not_names),
		cmocka_unit_test(the_longest),	 cmocka_unit_test(lists),
		cmocka_unit_test(refused_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
