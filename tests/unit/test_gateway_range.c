/* Range, ETag and If-None-Match. */
#include "../support/cmocka_all.h"

#include <stdlib.h>

#include "gateway/range.h"

static const struct {
	const char *header;
	int64_t size;
	bool set, fits;
	int64_t offset, length;
} ranges[] = {
	{NULL, 10, false, true, 0, 10},
	{NULL, 0, false, true, 0, 0},
	{"bytes=0-0", 10, true, true, 0, 1},
	{"bytes=0-9", 10, true, true, 0, 10},
	{"bytes=0-99", 10, true, true, 0, 10},
	{"BYTES=2-5", 10, true, true, 2, 4},
	{"bytes=9-", 10, true, true, 9, 1},
	{"bytes=10-", 10, true, false, 0, 0},
	{"bytes=0-", 0, true, false, 0, 0},
	{"bytes=-3", 10, true, true, 7, 3},
	{"bytes=-99", 10, true, true, 0, 10},
	{"bytes=-0", 10, true, false, 0, 0},
	{"bytes=-1", 0, true, false, 0, 0},
	{"bytes=9223372036854775806-", 10, true, false, 0, 0},
	/* Malformed, other units, several: the whole. */
	{"bytes=5-3", 10, false, true, 0, 10},
	{"bytes=", 10, false, true, 0, 10},
	{"bytes=-", 10, false, true, 0, 10},
	{"bytes=a-b", 10, false, true, 0, 10},
	{"bytes=1-2,4-5", 10, false, true, 0, 10},
	{"bytes=+1-2", 10, false, true, 0, 10},
	{"bytes= 1-2", 10, false, true, 0, 10},
	{"bytes=1--2", 10, false, true, 0, 10},
	{"bytes=99999999999999999999-", 10, false, true, 0, 10},
	{"lines=1-2", 10, false, true, 0, 10},
	{"", 10, false, true, 0, 10},
};

static void
ranges_are_read_and_placed(void **state)
{
	int64_t offset, length;
	struct range r;
	bool fits;

	(void)state;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		offset = length = 0;
		range_parse(ranges[i].header, &r);
		fits = range_place(&r, ranges[i].size, &offset, &length);
		if (r.set != ranges[i].set || fits != ranges[i].fits ||
		    offset != ranges[i].offset || length != ranges[i].length)
			fail_msg("%s of %lld: set %d fits %d %lld+%lld",
				 ranges[i].header, (long long)ranges[i].size,
				 r.set, fits, (long long)offset,
				 (long long)length);
	}
}

static void
tags_differ_with_time_and_size(void **state)
{
	char a[RANGE_ETAG_SIZE], b[RANGE_ETAG_SIZE], c[RANGE_ETAG_SIZE];

	(void)state;
	range_etag(a, 1, 2);
	range_etag(b, 1, 3);
	range_etag(c, 2, 2);
	assert_string_not_equal(a, b);
	assert_string_not_equal(a, c);
	range_etag(a, INT64_MIN, INT64_MAX);
	assert_string_equal(a, "\"8000000000000000-7fffffffffffffff\"");
}

static const struct {
	const char *header;
	bool matches;
} tags[] = {
	{NULL, false},
	{"", false},
	{"*", true},
	{"\"1-2\"", true},
	{"W/\"1-2\"", true},
	{"\"x\", \"1-2\"", true},
	{"\"x\",W/\"y\",\"1-2\"", true},
	{"\"1-2", false},
	{"1-2", false},
	{"\"1-22\"", false},
	{", ,\t", false},
};

static void
if_none_match_is_a_list(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (range_etag_matches(tags[i].header, "\"1-2\"") !=
		    tags[i].matches)
			fail_msg("%s", tags[i].header);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_are_read_and_placed),
		cmocka_unit_test(tags_differ_with_time_and_size),
		cmocka_unit_test(if_none_match_is_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
