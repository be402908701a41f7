#include "buf.h"

#include <stdlib.h>
#include <string.h>

#include "../support/cmocka_all.h"

static void
appends_up_to_the_cap(void **state)
{
	auto_buf struct buf b = {0};

	(void)state;
	buf_init(&b, 5);
	assert_null(b.data);
	assert_string_equal(buf_str(&b), "");
	assert_int_equal(buf_add(&b, "abc", 3), 0);
	assert_int_equal(buf_add(&b, "def", 3), -1);
	assert_true(b.full);
	assert_string_equal(buf_str(&b), "abc");
	assert_int_equal(buf_addstr(&b, "de"), 0);
	assert_true(b.full);
	assert_string_equal(buf_str(&b), "abcde");
	buf_reset(&b);
	assert_false(b.full);
	assert_int_equal(b.len, 0);
}

static void
grows_to_any_size(void **state)
{
	auto_buf struct buf b = {0};

	(void)state;
	buf_init(&b, 100000);
	for (size_t i = 0; i < 100000; i++) {
		assert_int_equal(buf_add(&b, "x", 1), 0);
		assert_true(b.size > b.len && b.size <= b.cap + 1);
		assert_int_equal(b.data[b.len], 0);
	}
	assert_int_equal(buf_add(&b, "x", 1), -1);
	assert_int_equal(buf_add(&b, "", 0), 0);
}

static void
format_is_whole_or_nothing(void **state)
{
	auto_buf struct buf b = {0};
	char want[301];

	(void)state;
	memset(want, '0', 300);
	want[299] = '7';
	want[300] = '\0';
	buf_init(&b, 300);
	assert_int_equal(buf_addf(&b, "%0300d", 7), 0);
	assert_string_equal(buf_str(&b), want);
	assert_int_equal(buf_addf(&b, "%d", 1), -1);
	assert_string_equal(buf_str(&b), want);
	assert_true(b.full);
}

static void
huge_requests_do_not_wrap(void **state)
{
	auto_buf struct buf b = {0};

	(void)state;
	buf_init(&b, 16);
	buf_addstr(&b, "abc");
	assert_null(buf_reserve(&b, SIZE_MAX));
	assert_null(buf_reserve(&b, SIZE_MAX - 2));
	assert_null(buf_reserve(&b, 14));
	assert_non_null(buf_reserve(&b, 13));
	assert_int_equal(b.len, 3);
}

static void
consume_and_truncate(void **state)
{
	auto_buf struct buf b = {0};

	(void)state;
	buf_init(&b, 16);
	buf_consume(&b, 0);
	buf_truncate(&b, 0);
	buf_addstr(&b, "abcdef");
	buf_consume(&b, 2);
	assert_string_equal(buf_str(&b), "cdef");
	buf_truncate(&b, 1);
	assert_string_equal(buf_str(&b), "c");
	buf_consume(&b, 1);
	assert_string_equal(buf_str(&b), "");
}

static void
steal_hands_over(void **state)
{
	auto_buf struct buf b = {0};
	char *s;

	(void)state;
	buf_init(&b, 16);
	s = buf_steal(&b);
	assert_string_equal(s, "");
	free(s);
	buf_addstr(&b, "mine");
	s = buf_steal(&b);
	assert_string_equal(s, "mine");
	assert_string_equal(buf_str(&b), "");
	assert_int_equal(buf_addstr(&b, "again"), 0);
	assert_string_equal(s, "mine");
	free(s);
}

static void
short_fill_is_terminated(void **state)
{
	auto_buf struct buf b = {0};
	uint8_t *p;

	(void)state;
	buf_init(&b, 16);
	p = buf_reserve(&b, 10);
	memset(p, 'z', 10);
	b.len += 4;
	assert_string_equal(buf_str(&b), "zzzz");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(appends_up_to_the_cap),
		cmocka_unit_test(grows_to_any_size),
		cmocka_unit_test(format_is_whole_or_nothing),
		cmocka_unit_test(huge_requests_do_not_wrap),
		cmocka_unit_test(consume_and_truncate),
		cmocka_unit_test(steal_hands_over),
		cmocka_unit_test(short_fill_is_terminated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
