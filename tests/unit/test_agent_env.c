#include "../support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auto.h"
#include "buf.h"
#include "../../agent/env.h"
#include "err.h"

#define ROUNDS 300

/* bash sources the script and prints the variable V. */
static void
source_back(const struct buf *script, char *out, size_t size)
{
	char path[] = "/tmp/caged-env-XXXXXX", command[256];
	int fd = mkstemp(path);
	size_t n;
	FILE *p;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, buf_str(script), script->len), script->len);
	close(fd);
	snprintf(command, sizeof(command),
		 "env -i bash -c '. %s; printf %%s \"$V\"'", path);
	p = popen(command, "re");
	assert_non_null(p);
	n = fread(out, 1, size - 1, p);
	out[n] = '\0';
	assert_int_equal(pclose(p), 0);
	unlink(path);
}

static void
check_value(const char *value)
{
	auto_json json_t *env = json_object();
	auto_buf struct buf script = {0};
	char back[4096];

	json_object_set_new(env, "V", json_string(value));
	buf_init(&script, 1 << 20);
	assert_int_equal(env_script(&script, env), 0);
	source_back(&script, back, sizeof(back));
	assert_string_equal(back, value);
}

static void
bash_reads_every_value_back(void **state)
{
	static const char *const pieces[] = {
		"'",  "\"", "\n", "\\",	      "$HOME", "`id`", "$(id)", " ",
		"\t", "!",  "#",  "\xc3\xa4", ";",     "&",    "*",	"a",
		"''", "\r", "~",  "\\'",      "\x01",  "\x7f",
	};
	char value[256];

	(void)state;
	check_value("");
	srandom(1);
	for (int i = 0; i < ROUNDS; i++) {
		value[0] = '\0';
		for (long n = random() % 20; n >= 0; n--)
			strcat(value,
			       pieces[(size_t)random() %
				      (sizeof(pieces) / sizeof(pieces[0]))]);
		check_value(value);
	}
}

static void
names_no_shell_takes_are_left_out(void **state)
{
	static const char *const names[] = {"1A",  "A-B",  "A B",      "A;id",
					    "UID", "PPID", "\xc3\xa4", "A\nB"};
	auto_json json_t *env = json_object();
	auto_buf struct buf script = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		json_object_set_new(env, names[i], json_string("x"));
	buf_init(&script, 4096);
	assert_int_equal(env_script(&script, env), 0);
	assert_string_equal(buf_str(&script), "");
	json_object_set_new(env, "_a1", json_string("x"));
	assert_int_equal(env_script(&script, env), 0);
	assert_string_equal(buf_str(&script), "export _a1='x'\n");
}

static void
a_script_stays_within_its_cap(void **state)
{
	auto_json json_t *env = json_object();
	auto_buf struct buf script = {0};

	(void)state;
	json_object_set_new(env, "A", json_string("0123456789"));
	buf_init(&script, 12);
	assert_int_equal(env_script(&script, env), -1);
}

static void
refuse(const char *name, json_t *value)
{
	auto_json json_t *env = json_object();
	struct err e = {0};

	json_object_set_new(env, name, value);
	assert_int_equal(env_check(env, "env", &e), -1);
	assert_int_equal(e.code, ERR_INVALID_REQUEST);
	assert_string_equal(e.field, "env");
}

static void
bad_members_are_refused(void **state)
{
	char name[ENV_NAME_MAX + 2];
	struct err e;

	(void)state;
	refuse("", json_string("x"));
	refuse("A=B", json_string("x"));
	refuse("A", json_integer(1));
	refuse("A", json_null());
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	refuse(name, json_string("x"));
	assert_int_equal(env_check(NULL, "env", &e), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bash_reads_every_value_back),
		cmocka_unit_test(names_no_shell_takes_are_left_out),
		cmocka_unit_test(a_script_stays_within_its_cap),
		cmocka_unit_test(bad_members_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
