#include "../support/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "../../agent/exec_output.h"

#define MIB (1 << 20)

static bool
evict_nothing(struct exec_budget *b)
{
	(void)b;
	return false;
}

/* The byte at a position, and its kind, follow from the position alone. */
static uint8_t
byte_at(uint64_t pos)
{
	return (uint8_t)(pos * 2654435761u >> 13);
}

static bool
is_err_at(uint64_t pos)
{
	return pos % 5000 < 777;
}

/* Adds n bytes in pieces of one kind. */
static void
add(struct exec_output *o, size_t n)
{
	uint8_t piece[5000];

	while (n > 0) {
		bool is_err = is_err_at(o->total);
		size_t len = 0;

		while (len < n && len < sizeof(piece) &&
		       is_err_at(o->total + len) == is_err) {
			piece[len] = byte_at(o->total + len);
			len++;
		}
		exec_output_add(o, is_err, piece, len);
		n -= len;
	}
}

/* Reads everything from `pos` on; the number of bytes. */
static uint64_t
check_from(const struct exec_output *o, uint64_t pos, size_t step)
{
	const uint8_t *p;
	uint64_t seen = 0;
	bool is_err;
	size_t n;

	while ((n = exec_output_at(o, &pos, step, &is_err, &p)) > 0) {
		assert_true(n <= step);
		for (size_t i = 0; i < n; i++) {
			assert_int_equal(p[i], byte_at(pos + i));
			assert_int_equal(is_err, is_err_at(pos + i));
		}
		pos += n;
		seen += n;
	}
	assert_int_equal(pos, o->total);
	return seen;
}

static void
keeps_all_that_fits(void **state)
{
	struct exec_budget b;
	struct exec_output o;

	(void)state;
	exec_budget_init(&b, 256 * MIB, evict_nothing);
	exec_output_init(&o, &b);
	assert_int_equal(check_from(&o, 0, 1000), 0);
	add(&o, 100);
	assert_int_equal(check_from(&o, 0, 7), 100);
	add(&o, 2 * MIB - 100);
	assert_int_equal(check_from(&o, 0, 65536), 2 * MIB);
	assert_int_equal(check_from(&o, 12345, 1000), 2 * MIB - 12345);
	exec_output_drop(&o);
	assert_int_equal(b.used, 0);
}

static void
keeps_head_and_tail(void **state)
{
	struct exec_budget b;
	struct exec_output o;
	uint64_t kept;

	(void)state;
	exec_budget_init(&b, 256 * MIB, evict_nothing);
	exec_output_init(&o, &b);
	add(&o, 9 * MIB + 4321);
	kept = check_from(&o, 0, 30000);
	assert_true(kept >= 2 * MIB);
	assert_true(kept <= 2 * MIB + EXEC_BLOCK);
	assert_int_equal(o.head_len, MIB);
	assert_int_equal(check_from(&o, MIB, 30000), kept - MIB);
	assert_true(o.total - o.tail_start >= MIB);
	exec_output_settle(&o);
	exec_output_drop(&o);
	assert_int_equal(b.used, 0);
	assert_int_equal(check_from(&o, 0, 1000), 0);
}

/* With no budget at all a window and a read still survive. */
static void
grants_a_tail_without_budget(void **state)
{
	struct exec_budget b;
	struct exec_output o;

	(void)state;
	exec_budget_init(&b, 0, evict_nothing);
	exec_output_init(&o, &b);
	for (int i = 0; i < 100; i++) {
		add(&o, 33333);
		assert_true(o.total <= CHANNEL_WINDOW + 32768 ||
			    o.total - o.tail_start >= CHANNEL_WINDOW + 32768);
		check_from(&o, 0, 65536);
	}
	assert_int_equal(o.n_head, 0);
	assert_int_equal(b.used, 0);
	exec_output_drop(&o);
}

static struct exec_output *victim;

static bool
evict_victim(struct exec_budget *b)
{
	(void)b;
	if (!victim)
		return false;
	exec_output_drop(victim);
	victim = NULL;
	return true;
}

static void
ended_output_makes_room(void **state)
{
	struct exec_budget b;
	struct exec_output old, new;
	int64_t blocks = CHANNEL_EXECS_MAX * EXEC_TAIL_MIN + 20;

	(void)state;
	exec_budget_init(&b, blocks * (int64_t)sizeof(struct exec_block),
			 evict_victim);
	exec_output_init(&old, &b);
	exec_output_init(&new, &b);
	add(&old, MIB + EXEC_BLOCK);
	exec_output_settle(&old);
	assert_int_equal(b.used, 17);
	victim = &old;
	add(&new, MIB);
	assert_null(victim);
	assert_int_equal(check_from(&new, 0, 65536), MIB);
	assert_int_equal(check_from(&old, 0, 65536), 0);
	assert_int_equal(b.used, 16);
	exec_output_drop(&new);
	exec_output_drop(&old);
	assert_int_equal(b.used, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_all_that_fits),
		cmocka_unit_test(keeps_head_and_tail),
		cmocka_unit_test(grants_a_tail_without_budget),
		cmocka_unit_test(ended_output_makes_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
