#include "text.h"

#include <string.h>

#include "../support/cmocka_all.h"
#include "buf.h"

#define FFFD "\xef\xbf\xbd"

static void
utf8_and_its_lossy_form(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{"", ""},
		{"a\x7f\n", "a\x7f\n"},
		{"\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80",
		 "\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80"},
		{"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf",
		 "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"},
		{"\x80", FFFD},
		{"\xc0\xaf", FFFD FFFD},
		{"\xe0\x80\xaf", FFFD FFFD FFFD},
		{"\xed\xa0\x80", FFFD FFFD FFFD},
		{"\xf4\x90\x80\x80", FFFD FFFD FFFD FFFD},
		{"\xf5\xff", FFFD FFFD},
		{"\xe2\x82", FFFD},
		{"\xe2\x82y", FFFD "y"},
		{"x\xf0\x9f\x98", "x" FFFD},
		{"\xf0\x9f\xe2\x82\xac", FFFD "\xe2\x82\xac"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = strlen(rows[i].in);
		auto_buf struct buf b = {0};

		buf_init(&b, 64);
		assert_int_equal(text_add_utf8_lossy(&b, rows[i].in, n), 0);
		assert_string_equal(buf_str(&b), rows[i].out);
		assert_true(text_is_utf8(b.data, b.len));
		assert_int_equal(text_is_utf8(rows[i].in, n),
				 strcmp(rows[i].in, rows[i].out) == 0);
	}
}

static void
nul_is_not_text(void **state)
{
	auto_buf struct buf b = {0};

	(void)state;
	buf_init(&b, 64);
	assert_false(text_is_utf8("a\0b", 3));
	assert_int_equal(text_utf8_len("", 1), 0);
	assert_int_equal(text_add_utf8_lossy(&b, "a\0b", 3), 0);
	assert_string_equal(buf_str(&b), "a" FFFD "b");
}

static void
caps_leave_the_buffer_as_it_was(void **state)
{
	auto_buf struct buf b = {0};

	(void)state;
	buf_init(&b, 7);
	buf_addstr(&b, "keep");
	assert_int_equal(text_add_utf8_lossy(&b, "ab\xff", 3), -1);
	assert_int_equal(text_add_pct(&b, "a b", 3), -1);
	assert_int_equal(text_add_base64(&b, "a", 1), -1);
	assert_int_equal(text_add_base64_decoded(&b, "YWJjZA==", 8), -1);
	assert_string_equal(buf_str(&b), "keep");
}

static void
hex(void **state)
{
	char out[9];

	(void)state;
	text_hex(out, "\x00\x01\xab\xff", 4);
	assert_string_equal(out, "0001abff");
	text_hex(out, "", 0);
	assert_string_equal(out, "");
}

/* The vectors of RFC 4648, and all bytes. */
static void
base64_both_ways(void **state)
{
	static const char *const rows[][2] = {
		{"", ""},
		{"f", "Zg=="},
		{"fo", "Zm8="},
		{"foo", "Zm9v"},
		{"foob", "Zm9vYg=="},
		{"fooba", "Zm9vYmE="},
		{"foobar", "Zm9vYmFy"},
		{"\xfb\xff\xbf", "+/+/"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_buf struct buf b, back;

		buf_init(&b, 64);
		buf_init(&back, 64);
		text_add_base64(&b, rows[i][0], strlen(rows[i][0]));
		assert_string_equal(buf_str(&b), rows[i][1]);
		assert_int_equal(
			text_add_base64_decoded(&back, buf_str(&b), b.len), 0);
		assert_string_equal(buf_str(&back), rows[i][0]);
	}
}

static void
base64_is_strict(void **state)
{
	static const char *const bad[] = {
		"Z",	"Zg",	"Zg=",	"Zg===",  "=",	    "====",
		"Z===", "Zh==", "Zm9=", "Zm 9v",  "Zm9v\n", "Zg==Zg==",
		"Zm-_", "=Zg=", "Z=g=", "Zm9vYg", "Zg= ",   "Zm9v====",
	};
	auto_buf struct buf b = {0};

	(void)state;
	buf_init(&b, 64);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(
			text_add_base64_decoded(&b, bad[i], strlen(bad[i])),
			-1);
	assert_int_equal(b.len, 0);
}

static void
percent_of_every_byte(void **state)
{
	auto_buf struct buf b = {0};
	char in[255], out[256];

	(void)state;
	buf_init(&b, 1024);
	for (int i = 0; i < 255; i++)
		in[i] = (char)(i + 1);
	assert_int_equal(text_add_pct(&b, in, sizeof(in)), 0);
	for (size_t i = 0; i < b.len; i++)
		assert_true(b.data[i] > 0x20 && b.data[i] < 0x7f);
	assert_non_null(strstr(buf_str(&b), "%20%21"));
	assert_non_null(strstr(buf_str(&b), "-./0123456789%3A"));
	assert_int_equal(text_pct_decode(out, buf_str(&b), b.len, false), 255);
	assert_memory_equal(in, out, 255);
	assert_int_equal(text_pct_decode(out, buf_str(&b), b.len, true), 255);
	assert_memory_equal(in, out, 255);
}

static void
percent_is_strict(void **state)
{
	static const char *const bad[] = {"%",	 "%4",	  "a%4",  "%4g", "%g4",
					  "%00", "a%00b", "%%41", "%+1", "% 1"};
	char out[16];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(
			text_pct_decode(out, bad[i], strlen(bad[i]), false),
			-1);
	assert_int_equal(text_pct_decode(out, "a\0", 2, false), -1);
	assert_int_equal(text_pct_decode(out, "a%2fb%2Fc+d", 11, false), 7);
	assert_string_equal(out, "a/b/c+d");
	assert_int_equal(text_pct_decode(out, "a+%2B", 5, true), 3);
	assert_string_equal(out, "a +");
	assert_int_equal(text_pct_decode(out, "%41%4", 3, false), 1);
}

static void
integers(void **state)
{
	static const char *const bad[] = {
		"",
		"-",
		"+1",
		" 1",
		"1 ",
		"01",
		"-0",
		"00",
		"1.0",
		"0x1",
		"1e1",
		"--1",
		"a",
		"99999999999999999999",
		"9223372036854775808",
		"-9223372036854775809",
	};
	int64_t v = 42;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(text_int(bad[i], INT64_MIN, INT64_MAX, &v),
				 -1);
	assert_int_equal(text_int("0", 1, 8, &v), -1);
	assert_int_equal(text_int("9", 1, 8, &v), -1);
	assert_int_equal(v, 42);
	assert_int_equal(text_int("8", 1, 8, &v), 0);
	assert_int_equal(v, 8);
	assert_int_equal(text_int("-9223372036854775808", INT64_MIN, 0, &v), 0);
	assert_true(v == INT64_MIN);
	assert_int_equal(text_int("9223372036854775807", 0, INT64_MAX, &v), 0);
	assert_true(v == INT64_MAX);
}

static void
copies(void **state)
{
	char out[4] = "zzz";

	(void)state;
	assert_int_equal(text_copy(out, sizeof(out), "abc"), 0);
	assert_string_equal(out, "abc");
	assert_int_equal(text_copy(out, sizeof(out), "defg"), -1);
	assert_string_equal(out, "def");
	assert_int_equal(text_copy(out, 1, ""), 0);
	assert_string_equal(out, "");
	assert_int_equal(text_copy(NULL, 0, "x"), -1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_and_its_lossy_form),
		cmocka_unit_test(nul_is_not_text),
		cmocka_unit_test(caps_leave_the_buffer_as_it_was),
		cmocka_unit_test(hex),
		cmocka_unit_test(base64_both_ways),
		cmocka_unit_test(base64_is_strict),
		cmocka_unit_test(percent_of_every_byte),
		cmocka_unit_test(percent_is_strict),
		cmocka_unit_test(integers),
		cmocka_unit_test(copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
