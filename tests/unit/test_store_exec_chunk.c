#include "../support/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "store/exec_chunk.h"

struct seen {
	struct buf out, err;
	int segments;
};

static int
see(void *arg, int stream, const void *p, size_t n)
{
	struct seen *s = arg;

	s->segments++;
	return buf_add(stream == EXEC_STDOUT ? &s->out : &s->err, p, n);
}

static void
order_and_streams(void **state)
{
	auto_buf struct buf chunk = {.cap = EXEC_CHUNK_RAW};
	struct seen s = {0};
	struct err e = {0};

	(void)state;
	buf_init(&s.out, 100);
	buf_init(&s.err, 100);
	assert_int_equal(exec_chunk_add(&chunk, EXEC_STDOUT, "ab", 2), 2);
	assert_int_equal(exec_chunk_add(&chunk, EXEC_STDERR, "\0x", 2), 2);
	assert_int_equal(exec_chunk_add(&chunk, EXEC_STDOUT, "c", 1), 1);
	assert_int_equal(exec_chunk_add(&chunk, EXEC_STDOUT, "", 0), 0);
	assert_int_equal(exec_chunk_each(chunk.data, chunk.len, see, &s, &e),
			 0);
	assert_int_equal(s.segments, 3);
	assert_string_equal(buf_str(&s.out), "abc");
	assert_int_equal(s.err.len, 2);
	assert_memory_equal(s.err.data, "\0x", 2);
	buf_fini(&s.out);
	buf_fini(&s.err);
}

static void
fills_to_the_byte(void **state)
{
	auto_buf struct buf chunk = {.cap = EXEC_CHUNK_RAW};
	size_t big = 3 * EXEC_CHUNK_RAW, took;
	char *p = calloc(1, big);

	(void)state;
	assert_non_null(p);
	took = exec_chunk_add(&chunk, EXEC_STDOUT, p, big);
	assert_int_equal(took, EXEC_CHUNK_RAW - 5);
	assert_int_equal(chunk.len, EXEC_CHUNK_RAW);
	assert_int_equal(exec_chunk_add(&chunk, EXEC_STDOUT, p, 1), 0);
	free(p);
}

static void
noise_survives_packing(void **state)
{
	static uint8_t raw[EXEC_CHUNK_RAW], packed[EXEC_CHUNK_PACKED],
		back[EXEC_CHUNK_RAW];
	size_t n;

	(void)state;
	srandom(1);
	for (size_t i = 0; i < sizeof(raw); i++)
		raw[i] = (uint8_t)random();
	n = exec_chunk_pack(packed, raw, sizeof(raw));
	assert_in_range(n, 1, EXEC_CHUNK_PACKED);
	assert_int_equal(exec_chunk_unpack(back, packed, n), sizeof(raw));
	assert_memory_equal(back, raw, sizeof(raw));
	assert_int_equal(exec_chunk_unpack(back, packed, n - 1), 0);
	assert_int_equal(exec_chunk_unpack(back, raw, 100), 0);
}

static void
every_cut_is_refused(void **state)
{
	auto_buf struct buf chunk = {.cap = EXEC_CHUNK_RAW};
	struct seen s = {0};

	(void)state;
	buf_init(&s.out, 1000);
	buf_init(&s.err, 1000);
	exec_chunk_add(&chunk, EXEC_STDOUT, "hello", 5);
	for (size_t n = 1; n < chunk.len; n++) {
		struct err e = {0};

		assert_int_equal(exec_chunk_each(chunk.data, n, see, &s, &e),
				 -1);
		assert_int_equal(e.code, ERR_INTERNAL);
	}
	chunk.data[0] = 3; /* no such stream */
	assert_int_equal(exec_chunk_each(chunk.data, chunk.len, see, &s,
					 &(struct err){0}),
			 -1);
	buf_fini(&s.out);
	buf_fini(&s.err);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_and_streams),
		cmocka_unit_test(fills_to_the_byte),
		cmocka_unit_test(noise_survives_packing),
		cmocka_unit_test(every_cut_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
