/* A command's output: order, parts, and what is kept of too much. */
#include "../support/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "gateway/outlog.h"

#define MODEL_MAX (8 * OUTLOG_HALF)

/* What an outlog should hold, the slow way. */
struct model {
	uint8_t *bytes, *tags;
	size_t n;
};

static void
expect(const struct outlog *o, const struct model *m, enum outlog_part part)
{
	size_t skip_from = m->n > 2 * OUTLOG_HALF ? OUTLOG_HALF : m->n;
	size_t skip_to = m->n > 2 * OUTLOG_HALF ? m->n - OUTLOG_HALF : m->n;
	struct buf got, want;

	buf_init(&got, 2 * OUTLOG_HALF);
	buf_init(&want, 2 * OUTLOG_HALF);
	for (size_t i = 0; i < m->n; i++) {
		if (i >= skip_from && i < skip_to)
			continue;
		if (part == OUTLOG_BOTH ||
		    m->tags[i] == (part == OUTLOG_STDERR))
			buf_add(&want, &m->bytes[i], 1);
	}
	assert_int_equal(outlog_read(o, part, &got), 0);
	assert_int_equal(got.len, want.len);
	if (want.len)
		assert_memory_equal(got.data, want.data, want.len);
	buf_fini(&got);
	buf_fini(&want);
}

static void
compare(size_t total, size_t piece)
{
	struct model m = {malloc(MODEL_MAX), malloc(MODEL_MAX), 0};
	struct outlog o = {0};
	size_t n;
	bool is_stderr;

	assert_true(total <= MODEL_MAX);
	while (m.n < total) {
		n = (size_t)(rand() % (int)piece) + 1;
		if (n > total - m.n)
			n = total - m.n;
		is_stderr = rand() % 3 == 0;
		for (size_t i = 0; i < n; i++) {
			m.bytes[m.n + i] = (uint8_t)rand();
			m.tags[m.n + i] = is_stderr;
		}
		outlog_add(&o, is_stderr, m.bytes + m.n, n);
		m.n += n;
	}
	expect(&o, &m, OUTLOG_BOTH);
	expect(&o, &m, OUTLOG_STDOUT);
	expect(&o, &m, OUTLOG_STDERR);
	assert_int_equal(o.total, total);
	assert_int_equal(outlog_truncated(&o), total > 2 * OUTLOG_HALF);
	outlog_fini(&o);
	free(m.bytes);
	free(m.tags);
}

static void
it_holds_what_a_slow_model_holds(void **state)
{
	static const size_t totals[] = {
		0,
		1,
		7,
		8,
		9,
		4095,
		4096,
		4097,
		100000,
		OUTLOG_HALF - 1,
		OUTLOG_HALF,
		OUTLOG_HALF + 1,
		2 * OUTLOG_HALF - 1,
		2 * OUTLOG_HALF,
		2 * OUTLOG_HALF + 1,
		3 * OUTLOG_HALF + 12345,
	};

	(void)state;
	srand(1);
	for (size_t i = 0; i < sizeof(totals) / sizeof(totals[0]); i++) {
		compare(totals[i], 20);
		compare(totals[i], 70000);
		compare(totals[i], 3 * OUTLOG_HALF);
	}
}

static void
small_output_takes_little_memory(void **state)
{
	struct outlog o = {0};

	(void)state;
	outlog_add(&o, false, (const uint8_t *)"hi\n", 3);
	assert_true(o.head_size <= 4096);
	assert_int_equal(o.tail_size, 0);
	outlog_fini(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_holds_what_a_slow_model_holds),
		cmocka_unit_test(small_output_takes_little_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
