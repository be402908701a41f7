/* Plans at rest: sealed for one sandbox under one key. */
#include "../support/cmocka_all.h"

#include <string.h>

#include "buf.h"
#include "err.h"
#include "model/plan_crypt.h"

#define SANDBOX "cage-0123456789abcdef"
#define PLAIN "{\"A\":\"secret\"}"

static const uint8_t key[PLAN_KEY_SIZE] = "0123456789abcdef0123456789abcde";

static void
seal(struct buf *out, const char *plain)
{
	struct err e;

	buf_init(out, 4096);
	assert_int_equal(
		plan_crypt_seal(key, SANDBOX, plain, strlen(plain), out, &e),
		0);
	assert_int_equal(out->len, strlen(plain) + PLAN_OVERHEAD);
}

static int
open_plan(const uint8_t *k, const char *sandbox, const void *p, size_t n)
{
	struct err e = {0};
	struct buf out;
	int rc;

	buf_init(&out, 4096);
	rc = plan_crypt_open(k, sandbox, p, n, &out, &e);
	if (rc) {
		assert_int_equal(out.len, 0);
		assert_null(strstr(e.msg, "secret"));
	} else {
		assert_string_equal(buf_str(&out), PLAIN);
	}
	buf_fini(&out);
	return rc;
}

static void
opens_for_its_sandbox_only(void **state)
{
	uint8_t other[PLAN_KEY_SIZE] = "another key of thirty-two bytes";
	struct buf b;

	(void)state;
	seal(&b, PLAIN);
	assert_null(memmem(b.data, b.len, "secret", 6));
	assert_int_equal(open_plan(key, SANDBOX, b.data, b.len), 0);
	assert_int_equal(open_plan(key, "cage-0123456789abcdeg", b.data, b.len),
			 -1);
	assert_int_equal(open_plan(other, SANDBOX, b.data, b.len), -1);
	buf_fini(&b);
}

static void
every_changed_byte_is_seen(void **state)
{
	struct buf b;

	(void)state;
	seal(&b, PLAIN);
	for (size_t i = 0; i < b.len; i++) {
		b.data[i] ^= 1;
		assert_int_equal(open_plan(key, SANDBOX, b.data, b.len), -1);
		b.data[i] ^= 1;
	}
	for (size_t n = 0; n < b.len; n++)
		assert_int_equal(open_plan(key, SANDBOX, b.data, n), -1);
	buf_fini(&b);
}

static void
two_seals_differ(void **state)
{
	struct buf a, b;

	(void)state;
	seal(&a, PLAIN);
	seal(&b, PLAIN);
	assert_memory_not_equal(a.data, b.data, a.len);
	buf_fini(&a);
	buf_fini(&b);
}

static void
an_empty_plan_opens(void **state)
{
	struct buf sealed, out;
	struct err e;

	(void)state;
	seal(&sealed, "");
	buf_init(&out, 16);
	assert_int_equal(plan_crypt_open(key, SANDBOX, sealed.data, sealed.len,
					 &out, &e),
			 0);
	assert_int_equal(out.len, 0);
	buf_fini(&sealed);
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_for_its_sandbox_only),
		cmocka_unit_test(every_changed_byte_is_seen),
		cmocka_unit_test(two_seals_differ),
		cmocka_unit_test(an_empty_plan_opens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
