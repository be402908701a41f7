#include "frame.h"

#include <stdio.h>
#include <string.h>

#include "../support/cmocka_all.h"

static void
header_is_big_endian(void **state)
{
	static const uint8_t want[] = {0, 0, 0, 3, 1,	2,   3,	 4,
				       5, 2, 0, 0, 'a', 'b', 'c'};
	auto_buf struct buf b = {0};

	(void)state;
	buf_init(&b, 64);
	assert_int_equal(frame_add(&b, 0x01020304, FRAME_DATA, 2, "abc", 3), 0);
	assert_int_equal(b.len, sizeof(want));
	assert_memory_equal(b.data, want, sizeof(want));
}

static void
cap_leaves_no_half_frame(void **state)
{
	static const uint8_t nonce[FRAME_NONCE];
	auto_buf struct buf b = {0};

	(void)state;
	buf_init(&b, FRAME_HEADER + 3);
	assert_int_equal(frame_add(&b, 1, FRAME_DATA, 0, "abcd", 4), -1);
	assert_int_equal(frame_add_credit(&b, 1, 1), -1);
	assert_int_equal(frame_add_hello(&b, FRAME_HELLO, nonce, ""), -1);
	assert_int_equal(b.len, 0);
	assert_int_equal(frame_add(&b, 1, FRAME_DATA, 0, "abc", 3), 0);
	assert_int_equal(frame_add(&b, 1, FRAME_RESET, 0, NULL, 0), -1);
	assert_int_equal(b.len, FRAME_HEADER + 3);
}

static void
credit_round_trip(void **state)
{
	static const uint32_t values[] = {1, 255, 256, 65536, UINT32_MAX};
	auto_buf struct buf b = {0};

	(void)state;
	buf_init(&b, 64);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct frame f = {.len = 4};
		uint32_t got;

		buf_reset(&b);
		assert_int_equal(frame_add_credit(&b, 1, values[i]), 0);
		f.payload = b.data + FRAME_HEADER;
		assert_int_equal(frame_credit(&f, &got), 0);
		assert_int_equal(got, values[i]);
	}
}

static void
bad_credit_is_refused(void **state)
{
	static const uint8_t bytes[] = {0, 0, 0, 0, 1};
	uint32_t got = 77;
	struct frame f = {.payload = bytes, .len = 4};

	(void)state;
	assert_int_equal(frame_credit(&f, &got), -1);
	f = (struct frame){.payload = bytes + 1, .len = 3};
	assert_int_equal(frame_credit(&f, &got), -1);
	f = (struct frame){.payload = bytes, .len = 5};
	assert_int_equal(frame_credit(&f, &got), -1);
	assert_int_equal(got, 77);
}

static void
types_have_names(void **state)
{
	(void)state;
	assert_string_equal(frame_type_name(FRAME_HELLO), "HELLO");
	assert_string_equal(frame_type_name(FRAME_RESET), "RESET");
	assert_null(frame_type_name(FRAME_NONE));
	assert_null(frame_type_name(FRAME_RESET + 1));
	assert_null(frame_type_name(255));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_is_big_endian),
		cmocka_unit_test(cap_leaves_no_half_frame),
		cmocka_unit_test(credit_round_trip),
		cmocka_unit_test(bad_credit_is_refused),
		cmocka_unit_test(types_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
