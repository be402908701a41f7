#include "timeutil.h"

#include <string.h>

#include "../support/cmocka_all.h"

static void
writes_rfc3339(void **state)
{
	static const struct {
		int64_t us;
		int millis;
		const char *text;
	} rows[] = {
		{0, 1, "1970-01-01T00:00:00Z"},
		{1780912800000000, 0, "2026-06-08T10:00:00Z"},
		{1780912800123999, 1, "2026-06-08T10:00:00.123Z"},
		{1780912800123999, 0, "2026-06-08T10:00:00Z"},
		{1780912800000999, 1, "2026-06-08T10:00:00Z"},
		{-1, 1, "1969-12-31T23:59:59.999Z"},
		{951782400000000, 1, "2000-02-29T00:00:00Z"},
		{-62041660200000000, 0, "0003-12-24T05:30:00Z"},
		{INT64_MAX, 1, "294247-01-10T04:00:54.775Z"},
	};
	char text[TIME_RFC3339_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		time_rfc3339(text, rows[i].us, rows[i].millis);
		assert_string_equal(text, rows[i].text);
	}
	time_rfc3339(text, INT64_MIN, 1);
	assert_true(strlen(text) < sizeof(text));
}

static void
reads_what_it_writes(void **state)
{
	char text[TIME_RFC3339_SIZE];
	int64_t got;

	(void)state;
	/* Steps that hit every month, leap days, and all milliseconds. */
	for (int64_t us = -2000000000000000; us < 9000000000000000;
	     us += 86399123001000) {
		time_rfc3339(text, us, 1);
		assert_int_equal(time_parse_rfc3339(text, &got), 0);
		assert_int_equal(got, us);
	}
}

static void
reads_offsets_and_fractions(void **state)
{
	static const struct {
		const char *text;
		int64_t us;
	} rows[] = {
		{"2026-06-08T12:30:00+02:30", 1780912800000000},
		{"2026-06-08T00:00:00-10:00", 1780912800000000},
		{"2026-06-08T10:00:00.5Z", 1780912800500000},
		{"2026-06-08T10:00:00.123456789Z", 1780912800123456},
		{"1969-12-31T23:59:59.999999Z", -1},
	};
	int64_t got;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(time_parse_rfc3339(rows[i].text, &got), 0);
		assert_int_equal(got, rows[i].us);
	}
}

static void
refuses_the_rest(void **state)
{
	static const char *const bad[] = {
		"",
		"2026",
		"2026-06-08",
		"2026-06-08T10:00:00",
		"2026-06-08 10:00:00Z",
		"2026-06-08T10:00Z",
		"2026-13-08T10:00:00Z",
		"2026-00-08T10:00:00Z",
		"2026-06-31T10:00:00Z",
		"2025-02-29T10:00:00Z",
		"1900-02-29T10:00:00Z",
		"2026-06-08T24:00:00Z",
		"2026-06-08T10:60:00Z",
		"2026-06-08T10:00:60Z",
		"2026-06-08T10:00:00.Z",
		"2026-06-08T10:00:00.1234567890Z",
		"2026-06-08T10:00:00ZZ",
		"2026-06-08T10:00:00+2:00",
		"2026-06-08T10:00:00+02:00x",
		"2026-06-08T10:00:00+24:00",
		"-026-06-08T10:00:00Z",
		"2026-06-08t10:00:00z",
	};
	int64_t got = 42;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(time_parse_rfc3339(bad[i], &got), -1);
	assert_int_equal(got, 42);
}

static void
clocks_go_on(void **state)
{
	int64_t us = time_mono_us(), ms = time_mono_ms();

	(void)state;
	assert_in_range(time_mono_us(), us, us + 60000000);
	assert_in_range(ms, us / 1000, us / 1000 + 60000);
	/* After 2024, before 2100. */
	assert_in_range(time_unix_us(), 1704067200000000, 4102444800000000);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_rfc3339),
		cmocka_unit_test(reads_what_it_writes),
		cmocka_unit_test(reads_offsets_and_fractions),
		cmocka_unit_test(refuses_the_rest),
		cmocka_unit_test(clocks_go_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
