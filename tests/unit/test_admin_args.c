#include "../support/cmocka_all.h"

#include <string.h>

#include "admin/admin.h"
#include "admin/args.h"

struct parsed {
	const char *plan, *words[2];
	bool json;
	struct err e;
};

/* `line` is split at blanks. */
static int
parse(const char *line, int want, struct parsed *out)
{
	const struct args_option options[] = {{"--plan", &out->plan, NULL},
					      {"--json", NULL, &out->json},
					      {NULL, NULL, NULL}};
	static char text[256], *argv[16];
	static struct admin a;

	memset(out, 0, sizeof(*out));
	strncpy(text, line, sizeof(text) - 1);
	a.argc = 0;
	a.argv = argv;
	for (char *p = strtok(text, " "); p; p = strtok(NULL, " "))
		argv[a.argc++] = p;
	return args_take(&a, options, out->words, want, &out->e);
}

static void
takes_words_and_options(void **state)
{
	struct parsed p;

	(void)state;
	assert_int_equal(parse("one --plan pro two --json", 2, &p), 0);
	assert_string_equal(p.words[0], "one");
	assert_string_equal(p.words[1], "two");
	assert_string_equal(p.plan, "pro");
	assert_true(p.json);
	assert_int_equal(parse("", 0, &p), 0);
	assert_null(p.plan);
}

static void
refuses_what_it_does_not_know(void **state)
{
	static const struct {
		const char *line;
		int want;
	} wrong[] = {
		{"", 1},
		{"one two three", 2},
		{"one", 0},
		{"--plan", 0},
		{"--nonsense", 0},
		{"one --plan", 1},
		{"--planx pro", 0},
	};
	struct parsed p;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(parse(wrong[i].line, wrong[i].want, &p), -1);
		assert_int_equal(p.e.code, ERR_INVALID_REQUEST);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_words_and_options),
		cmocka_unit_test(refuses_what_it_does_not_know),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
