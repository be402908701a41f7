#include "field.h"

#include "../support/field_table_check.h"

/* Every type, with bounds of every shape. */
#define SAMPLE_FIELDS(F, S) \
	F(S, STR, word, 2, 5, FIELD_REQUIRED) \
	F(S, STR, token, 4, 4, FIELD_SECRET) \
	F(S, STR, note, 0, 1, FIELD_NULLABLE) \
	F(S, INT, small, 1, 8, FIELD_REQUIRED) \
	F(S, INT, any, INT64_MIN, INT64_MAX, 0) \
	F(S, INT, up, 0, INT64_MAX, FIELD_REQUIRED | FIELD_NULLABLE) \
	F(S, INT, down, INT64_MIN, 10, 0) \
	F(S, NUM, ratio, -1, 1, 0) \
	F(S, BOOL, flag, 0, 0, 0) \
	F(S, OBJ, map, 0, 1, 0) \
	F(S, ARR, list, 1, 3, 0)
FIELDS_DECLARE(sample, SAMPLE_FIELDS)
FIELDS_DEFINE(sample, SAMPLE_FIELDS)

static const char good[] = "{\"word\":\"abc\",\"small\":3,\"up\":1}";

static int
read_text(const char *text, struct sample *out, struct err *e)
{
	auto_json json_t *j = json_parse(text, strlen(text), 4, e);

	assert_non_null(j);
	memset(e, 0, sizeof(*e));
	return field_read(&sample_fields, j, out, e);
}

/* Sets one more member of the good text, and expects these words. */
static void
expect_words(const char *member, const char *field, const char *words)
{
	char text[512];
	struct sample s;
	struct err e;

	snprintf(text, sizeof(text),
		 "{%s,\"word\":\"abc\",\"small\":3,\"up\":1}", member);
	assert_int_equal(read_text(text, &s, &e), -1);
	assert_string_equal(e.field, field);
	assert_string_equal(e.msg, words);
}

static void
errors_are_friendly(void **state)
{
	struct sample s;
	struct err e;

	(void)state;
	assert_int_equal(
		read_text("{\"word\":\"abc\",\"small\":9,\"up\":0}", &s, &e),
		-1);
	assert_string_equal(e.msg, "small must be an integer from 1 to 8");
	assert_int_equal(read_text("{\"small\":1,\"up\":0}", &s, &e), -1);
	assert_string_equal(e.msg, "word is missing");
	expect_words("\"any\":1.5", "any", "any must be an integer");
	expect_words("\"down\":11", "down",
		     "down must be an integer of at most 10");
	expect_words("\"ratio\":1.5", "ratio",
		     "ratio must be a number from -1 to 1");
	expect_words("\"flag\":1", "flag", "flag must be true or false");
	expect_words("\"map\":[]", "map",
		     "map must be an object of at most 1 member");
	expect_words("\"list\":[]", "list",
		     "list must be an array of 1 to 3 items");
	expect_words("\"x y\":[]", "x y", "x y is not a known field");
}

static void
secret_value_is_not_in_the_error(void **state)
{
	(void)state;
	expect_words("\"token\":\"hunter2\"", "token",
		     "token must be a string of 4 bytes");
}

static void
null_is_absent_where_allowed(void **state)
{
	struct sample s;
	struct err e;

	(void)state;
	assert_int_equal(read_text("{\"word\":\"ab\",\"small\":1,\"up\":null,"
				   "\"note\":null}",
				   &s, &e),
			 0);
	assert_false(s.has_up);
	assert_false(s.has_note);
	assert_true(s.has_word);
}

static void
absent_fields_are_zero(void **state)
{
	struct sample s;
	struct err e;

	(void)state;
	memset(&s, 0xff, sizeof(s));
	assert_int_equal(read_text(good, &s, &e), 0);
	assert_int_equal(s.small, 3);
	assert_int_equal(s.any, 0);
	assert_null(s.list);
	assert_false(s.has_list);
}

static void
hidden_nul_is_refused(void **state)
{
	auto_json json_t *j = json_parse(good, strlen(good), 4, NULL);
	struct sample s;
	struct err e;

	(void)state;
	json_object_set_new(j, "word", json_stringn("a\0b", 3));
	assert_int_equal(field_read(&sample_fields, j, &s, &e), -1);
	assert_string_equal(e.field, "word");
}

static void
only_objects_are_records(void **state)
{
	auto_json json_t *j = json_array();
	struct sample s;
	struct err e;

	(void)state;
	assert_int_equal(field_read(&sample_fields, j, &s, &e), -1);
	assert_int_equal(field_read(&sample_fields, NULL, &s, &e), -1);
	assert_int_equal(e.code, ERR_INVALID_REQUEST);
}

static void
text_that_is_not_utf8_is_not_written(void **state)
{
	struct sample s = {.word = "a\xff", .has_word = true};

	(void)state;
	assert_null(field_write(&sample_fields, &s));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FIELD_TABLE_TESTS(sample),
		cmocka_unit_test(errors_are_friendly),
		cmocka_unit_test(secret_value_is_not_in_the_error),
		cmocka_unit_test(null_is_absent_where_allowed),
		cmocka_unit_test(absent_fields_are_zero),
		cmocka_unit_test(hidden_nul_is_refused),
		cmocka_unit_test(only_objects_are_records),
		cmocka_unit_test(text_that_is_not_utf8_is_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
