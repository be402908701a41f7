#include "id.h"

#include <string.h>

#include "../support/cmocka_all.h"

static const char *const prefixes[] = {ID_SANDBOX, ID_EXEC, ID_KEY, ID_ACCOUNT};

#define PREFIXES (sizeof(prefixes) / sizeof(prefixes[0]))

static void
made_ones_are_valid(void **state)
{
	char id[ID_SIZE], next[ID_SIZE];

	(void)state;
	for (size_t i = 0; i < PREFIXES; i++)
		for (size_t j = 0; j < PREFIXES; j++) {
			id_make(id, prefixes[i]);
			assert_int_equal(id_valid(id, prefixes[j]), i == j);
		}
	id_make(id, ID_SANDBOX);
	id_make(next, ID_SANDBOX);
	assert_int_equal(strlen(id), 21);
	assert_string_not_equal(id, next);
}

static void
others_are_not(void **state)
{
	static const char *const bad[] = {
		"",
		"cage-",
		"cage-0123456789abcde",
		"cage-0123456789abcdef0",
		"cage-0123456789abcdeF",
		"cage-0123456789abcde/",
		"cage-0123456789abcde\n",
		"cage_0123456789abcdef",
		"exec-0123456789abcdef",
		" cage-0123456789abcde",
	};

	(void)state;
	assert_true(id_valid("cage-0123456789abcdef", ID_SANDBOX));
	assert_false(id_valid(NULL, ID_SANDBOX));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(id_valid(bad[i], ID_SANDBOX));
}

/* 36 letters, 160,000 draws, 4,444 expected of each; 6 sigma is 394. */
static void
letters_are_even(void **state)
{
	unsigned seen[256] = {0};
	char id[ID_SIZE];

	(void)state;
	for (int i = 0; i < 10000; i++) {
		id_make(id, ID_KEY);
		for (const char *p = id + strlen(ID_KEY); *p; p++)
			seen[(unsigned char)*p]++;
	}
	for (int c = 0; c < 256; c++)
		if (seen[c] || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			assert_in_range(seen[c], 4444 - 394, 4444 + 394);
}

static void
random_bytes_fill_all(void **state)
{
	uint8_t a[1000] = {0}, b[1000] = {0};
	size_t zeros = 0;

	(void)state;
	random_bytes(a, 0);
	assert_int_equal(a[0], 0);
	random_bytes(a, sizeof(a));
	random_bytes(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
	for (size_t i = 0; i < sizeof(a); i++)
		zeros += a[i] == 0;
	assert_in_range(zeros, 0, 40);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(made_ones_are_valid),
		cmocka_unit_test(others_are_not),
		cmocka_unit_test(letters_are_even),
		cmocka_unit_test(random_bytes_fill_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
