/* Query strings and the paths in them. */
#include "../support/cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "channel.h"
#include "err.h"
#include "model/query.h"
#include "model/req_file.h"

static enum err_code
code_of(const char *text, char *out_field)
{
	struct err e = {0};
	struct query q;
	int rc = query_init(&q, text, &e);

	query_fini(&q);
	if (out_field)
		strcpy(out_field, e.field);
	return rc ? e.code : ERR_NONE;
}

static void
arguments_are_decoded(void **state)
{
	struct query q;
	struct err e;
	const struct query_arg *a;

	(void)state;
	assert_int_equal(query_init(&q, "a=1&b=x+y%20z&&c&d=&e%3d=%ff&", &e),
			 0);
	assert_int_equal(q.count, 5);
	assert_string_equal(query_find(&q, "a")->value, "1");
	assert_string_equal(query_find(&q, "b")->value, "x y z");
	assert_string_equal(query_find(&q, "c")->value, "");
	assert_string_equal(query_find(&q, "d")->value, "");
	a = query_find(&q, "e=");
	assert_non_null(a);
	assert_int_equal(a->len, 1);
	assert_memory_equal(a->value, "\xff", 1);
	assert_null(query_find(&q, "f"));
	query_fini(&q);
}

static void
nothing_is_no_arguments(void **state)
{
	static const char *const texts[] = {NULL, "", "&", "&&&"};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct query q;
		struct err e;

		assert_int_equal(query_init(&q, texts[i], &e), 0);
		assert_int_equal(q.count, 0);
		query_fini(&q);
	}
}

static void
malformed_ones_are_refused(void **state)
{
	static const struct {
		const char *text, *field;
	} cases[] = {
		{"a=1&a=2", "a"}, {"a&a", "a"},	   {"a=1&%61=2", "a"},
		{"a=%", "a"},	  {"a=%4", "a"},   {"a=%zz", "a"},
		{"a=%00", "a"},	  {"%00=1", ""},   {"=1", ""},
		{"%=1", ""},	  {"\xff=%", "?"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char field[ERR_FIELD_SIZE];

		assert_int_equal(code_of(cases[i].text, field),
				 ERR_INVALID_REQUEST);
		assert_string_equal(field, cases[i].field);
	}
}

static void
sizes_are_limited(void **state)
{
	char text[QUERY_TEXT_MAX + 2];
	size_t n = 0;

	(void)state;
	memset(text, 'a', sizeof(text));
	text[QUERY_TEXT_MAX + 1] = '\0';
	assert_int_equal(code_of(text, NULL), ERR_URI_TOO_LONG);
	text[QUERY_TEXT_MAX] = '\0';
	assert_int_equal(code_of(text, NULL), ERR_NONE);
	for (int i = 0; i < QUERY_ARGS_MAX; i++)
		n += (size_t)sprintf(text + n, "a%d&", i);
	assert_int_equal(code_of(text, NULL), ERR_NONE);
	strcpy(text + n, "more");
	assert_int_equal(code_of(text, NULL), ERR_INVALID_REQUEST);
}

static void
unknown_names_are_named(void **state)
{
	static const char *const names[] = {"limit", "metadata.", NULL};
	static const struct {
		const char *text, *field; /* NULL: allowed */
	} cases[] = {{"limit=1&metadata.a=b&metadata.=", NULL},
		     {"limits=1", "limits"},
		     {"limi=1", "limi"},
		     {"metadata=1", "metadata"},
		     {"%c3%a9=1", "\xc3\xa9"},
		     {"%ff=1", "?"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = {0};
		struct query q;
		int want = cases[i].field ? -1 : 0;

		assert_int_equal(query_init(&q, cases[i].text, &e), 0);
		assert_int_equal(query_allow(&q, names, &e), want);
		if (cases[i].field)
			assert_string_equal(e.field, cases[i].field);
		query_fini(&q);
	}
}

static void
values_are_checked(void **state)
{
	struct err e;
	struct query q;
	int64_t n = 5;
	bool b = true;
	const char *t = "was";

	(void)state;
	assert_int_equal(query_init(&q,
				    "n=10&big=11&neg=-1&x=1x&e=&b=false&"
				    "on&bad=yes&t=%ff&ok=text",
				    &e),
			 0);
	assert_int_equal(query_int(&q, "absent", 1, 10, &n, &e), 0);
	assert_int_equal(n, 5);
	assert_int_equal(query_int(&q, "n", 1, 10, &n, &e), 0);
	assert_int_equal(n, 10);
	assert_int_equal(query_int(&q, "big", 1, 10, &n, &e), -1);
	assert_int_equal(query_int(&q, "neg", 1, 10, &n, &e), -1);
	assert_int_equal(query_int(&q, "x", 1, 10, &n, &e), -1);
	assert_int_equal(query_int(&q, "e", 1, 10, &n, &e), -1);
	assert_string_equal(e.field, "e");
	assert_int_equal(n, 10);
	assert_int_equal(query_bool(&q, "b", &b, &e), 0);
	assert_false(b);
	assert_int_equal(query_bool(&q, "on", &b, &e), 0);
	assert_true(b);
	assert_int_equal(query_bool(&q, "bad", &b, &e), -1);
	assert_int_equal(query_text(&q, "t", 10, &t, &e), -1);
	assert_int_equal(query_text(&q, "e", 10, &t, &e), -1);
	assert_int_equal(query_text(&q, "ok", 3, &t, &e), -1);
	assert_string_equal(t, "was");
	assert_int_equal(query_text(&q, "ok", 4, &t, &e), 0);
	assert_string_equal(t, "text");
	query_fini(&q);
}

/* The path of `query` for the channel; NULL when refused. Borrowed. */
static const char *
path_of(const char *query, const char *fallback, struct buf *b)
{
	struct query q;
	struct err e = {0};
	int rc;

	buf_reset(b);
	assert_int_equal(query_init(&q, query, &e), 0);
	rc = req_file_path(&q, fallback, b, &e);
	query_fini(&q);
	if (rc)
		assert_string_equal(e.field, "path");
	return rc ? NULL : buf_str(b);
}

static void
paths_hold_any_byte(void **state)
{
	char every[256 * 3 + 16] = "path=/";
	struct buf b;

	(void)state;
	buf_init(&b, 4 * CHANNEL_PATH_MAX);
	for (int i = 1; i < 256; i++)
		sprintf(every + strlen(every), "%%%02x", i);
	assert_non_null(path_of(every, NULL, &b));
	assert_string_equal(path_of("path=/a%20b%0a%ff", NULL, &b),
			    "/a%20b%0A%FF");
	assert_string_equal(path_of("path=a+b", NULL, &b), "a%20b");
	assert_string_equal(path_of("path=%25", NULL, &b), "%25");
	buf_fini(&b);
}

static void
the_query_comes_before_the_body(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4 * CHANNEL_PATH_MAX);
	assert_string_equal(path_of("path=/q", "/body", &b), "/q");
	assert_string_equal(path_of("", "/body x", &b), "/body%20x");
	assert_null(path_of("", NULL, &b));
	assert_null(path_of("path=", "/body", &b));
	assert_null(path_of("", "", &b));
	buf_fini(&b);
}

static void
home_workspace_is_workspace(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4 * CHANNEL_PATH_MAX);
	assert_string_equal(path_of("path=~/workspace", NULL, &b),
			    "/workspace");
	assert_string_equal(path_of("path=~/workspace/a", NULL, &b),
			    "/workspace/a");
	assert_string_equal(path_of("path=~/workspaces", NULL, &b),
			    "~/workspaces");
	buf_fini(&b);
}

static void
paths_have_a_length(void **state)
{
	char text[CHANNEL_PATH_MAX + 16] = "path=";
	struct buf b;

	(void)state;
	buf_init(&b, 4 * CHANNEL_PATH_MAX);
	memset(text + 5, 'a', CHANNEL_PATH_MAX + 1);
	text[5 + CHANNEL_PATH_MAX + 1] = '\0';
	assert_null(path_of(text, NULL, &b));
	text[5 + CHANNEL_PATH_MAX] = '\0';
	assert_non_null(path_of(text, NULL, &b));
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments_are_decoded),
		cmocka_unit_test(nothing_is_no_arguments),
		cmocka_unit_test(malformed_ones_are_refused),
		cmocka_unit_test(sizes_are_limited),
		cmocka_unit_test(unknown_names_are_named),
		cmocka_unit_test(values_are_checked),
		cmocka_unit_test(paths_hold_any_byte),
		cmocka_unit_test(the_query_comes_before_the_body),
		cmocka_unit_test(home_workspace_is_workspace),
		cmocka_unit_test(paths_have_a_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
