/* What a plan shows of its steps' output. */
#include "../support/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "../../agent/exec_output.h"
#include "../../agent/plan_steps.h"
#include "../../agent/plan_text.h"
#include "buf.h"
#include "channel.h"
#include "text.h"

#define ROUNDS 400
#define TEXT_CAP (3 * CHANNEL_PLAN_OUTPUT_MAX + 64)

static bool
evict_nothing(struct exec_budget *b)
{
	(void)b;
	return false;
}

static void
show(struct buf *out, const char *text, size_t n, size_t times,
     const char *secret)
{
	struct exec_budget budget;
	struct exec_output o;

	exec_budget_init(&budget, INT64_C(64) << 20, evict_nothing);
	exec_output_init(&o, &budget);
	for (size_t i = 0; i < times; i++)
		exec_output_add(&o, i % 2, (const uint8_t *)text, n);
	buf_init(out, TEXT_CAP);
	assert_int_equal(plan_text_add(out, &o, secret), 0);
	exec_output_drop(&o);
}

static void
short_output_is_whole(void **state)
{
	struct buf b;

	(void)state;
	show(&b, "fatal: no\n", 10, 2, NULL);
	assert_string_equal(buf_str(&b), "fatal: no\nfatal: no\n");
	buf_fini(&b);
	show(&b, "", 0, 1, "token");
	assert_string_equal(buf_str(&b), "");
	buf_fini(&b);
}

static void
long_output_keeps_both_ends(void **state)
{
	struct buf b;

	(void)state;
	for (size_t times = 1000; times <= 1000000; times *= 10) {
		show(&b, "0123456789", 10, times, NULL);
		assert_true(b.len <= CHANNEL_PLAN_OUTPUT_MAX);
		assert_memory_equal(b.data, "0123456789", 10);
		assert_non_null(strstr(buf_str(&b), "\n[...]\n"));
		assert_string_equal(buf_str(&b) + b.len - 10, "0123456789");
		buf_fini(&b);
	}
}

static void
every_form_of_a_secret_goes(void **state)
{
	static const char secret[] = "s3cr3t+/=%x";
	struct buf text, out;

	(void)state;
	buf_init(&text, 4096);
	buf_init(&out, 4096);
	buf_addf(&text, "a%sb", secret);
	text_add_pct(&text, secret, strlen(secret));
	buf_addstr(&text, "c");
	text_add_base64(&text, PLAN_GIT_USER ":s3cr3t+/=%x",
			strlen(PLAN_GIT_USER ":") + strlen(secret));
	assert_int_equal(
		plan_text_scrub(&out, buf_str(&text), text.len, secret), 0);
	assert_string_equal(buf_str(&out), "a***b***c***");
	buf_fini(&text);
	buf_fini(&out);
}

/* No eight bytes of the secret in a row, wherever output was cut. */
static void
assert_nothing_of(const char *secret, const struct buf *shown)
{
	char part[9] = "";

	for (size_t i = 0; i + 8 <= strlen(secret); i++) {
		memcpy(part, secret + i, 8);
		assert_null(strstr(buf_str(shown), part));
	}
}

static void
no_part_of_a_secret_is_shown(void **state)
{
	static const char secret[] = "ghp_A1b2C3d4E5f6G7h8I9j0KLMNOPQRSTUVWX";
	static const size_t totals[] = {50, 5000, 100000, 3000000};
	char text[256];
	struct buf b;
	int n;

	(void)state;
	srandom(7);
	for (int i = 0; i < ROUNDS; i++) {
		n = snprintf(
			text, sizeof(text), "%.*s%s%.*s", (int)(random() % 60),
			"remote: https://x:................................"
			"................",
			secret, (int)(random() % 30),
			"@example.com/denied\n.........");
		show(&b, text, (size_t)n,
		     totals[i % 4] / (size_t)n * (i < 40 || i % 4 != 3) + 1,
		     secret);
		assert_nothing_of(secret, &b);
		assert_true(text_is_utf8(b.data, b.len));
		buf_fini(&b);
	}
}

static void
foreign_bytes_become_utf8(void **state)
{
	struct buf b;

	(void)state;
	show(&b, "\xff\xfe\0x", 4, 4000, "t");
	assert_true(text_is_utf8(b.data, b.len));
	assert_true(b.len <= TEXT_CAP);
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_output_is_whole),
		cmocka_unit_test(long_output_keeps_both_ends),
		cmocka_unit_test(every_form_of_a_secret_goes),
		cmocka_unit_test(no_part_of_a_secret_is_shown),
		cmocka_unit_test(foreign_bytes_become_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
