#include "../support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../agent/env_file.h"

static void
apply(const char *text, size_t len)
{
	char path[] = "/tmp/caged-env-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	close(fd);
	unsetenv("A");
	unsetenv("B");
	env_file_apply(path);
	unlink(path);
}

static void
lines_become_variables(void **state)
{
	static const struct {
		const char *text, *name, *value;
	} cases[] = {
		{"A=b\n", "A", "b"},
		{"# A=b\nA=c", "A", "c"},
		{"  A=b c=d\n", "A", "b c=d"},
		{"A=\"b c\"\n", "A", "b c"},
		{"A='b'\n", "A", "b"},
		{"A='b\"\n", "A", "'b\""},
		{"A=\"\n", "A", "\""},
		{"A=\n", "A", ""},
		{"A=1\nA=2\n", "A", "2"},
		{"nonsense\n\n=b\nA=b\n", "A", "b"},
		{"export A=b\n", "A", NULL},
		{"#A=b\n", "A", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *value;

		apply(cases[i].text, strlen(cases[i].text));
		value = getenv(cases[i].name);
		if (!cases[i].value) {
			assert_null(value);
			continue;
		}
		assert_non_null(value);
		assert_string_equal(value, cases[i].value);
	}
}

static void
a_file_is_read_to_its_cap(void **state)
{
	static char text[ENV_FILE_MAX + 64];

	(void)state;
	memset(text, '\n', sizeof(text));
	memcpy(text, "A=b", 3);
	memcpy(text + ENV_FILE_MAX + 8, "B=c", 3);
	apply(text, sizeof(text));
	assert_string_equal(getenv("A"), "b");
	assert_null(getenv("B"));
}

static void
what_is_no_file_sets_nothing(void **state)
{
	char dir[] = "/tmp/caged-env-XXXXXX", path[64];

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/fifo", dir);
	setenv("A", "b", 1);
	env_file_apply(path);
	env_file_apply(dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	env_file_apply(path);
	assert_string_equal(getenv("A"), "b");
	unlink(path);
	rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_become_variables),
		cmocka_unit_test(a_file_is_read_to_its_cap),
		cmocka_unit_test(what_is_no_file_sets_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
