#include "conf.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/temp_dir.h"
#include "auto.h"
#include "err.h"
#include "text.h"

static int
load_text(const char *text, size_t n, struct conf *c, struct err *e)
{
	auto_temp_dir struct temp_dir d;
	char path[TEMP_PATH_MAX];

	temp_dir_init(&d);
	temp_dir_write(temp_dir_file(&d, "caged.conf", path), text, n);
	memset(e, 0, sizeof(*e));
	return conf_load(c, path, e);
}

static void
expect_error(const char *text, const char *words)
{
	struct conf c = {.api_workers = 77};
	struct err e;

	assert_int_equal(load_text(text, strlen(text), &c, &e), -1);
	if (!strstr(e.msg, words))
		fail_msg("\"%s\" does not say \"%s\"", e.msg, words);
	assert_int_equal(c.api_workers, 77);
}

static void
defaults_are_within_their_bounds(void **state)
{
	struct conf c;
	struct err e;

	(void)state;
	assert_int_equal(conf_load(&c, NULL, &e), 0);
#define CONF_STR(name, def, longest, help) \
	assert_true(strlen(def) <= longest); \
	if (strcmp(#name, "host") != 0) \
		assert_string_equal(c.name, def);
#define CONF_WORD(name, def, words, help) assert_string_equal(c.name, def);
#define CONF_INT(name, def, lo, hi, help) \
	assert_true(c.name >= (lo) && c.name <= (hi)); \
	assert_int_equal(c.name, def);
#include "conf.def"
#undef CONF_STR
#undef CONF_WORD
#undef CONF_INT
}

static void
empty_host_is_the_kernels(void **state)
{
	char host[65];
	struct conf c;
	struct err e;

	(void)state;
	assert_int_equal(gethostname(host, sizeof(host)), 0);
	assert_int_equal(conf_load(&c, NULL, &e), 0);
	assert_string_equal(c.host, host);
	assert_int_equal(load_text("host = here", 11, &c, &e), 0);
	assert_string_equal(c.host, "here");
}

static void
lines_comments_and_blanks(void **state)
{
	static const char text[] = "# comment\n\n \t\n  # x = y\n"
				   "\tapi_workers\t=  12 \r\n"
				   "db_name=a = b\n"
				   "db_user =\n"
				   "vm_driver = fake";
	struct conf c;
	struct err e;

	(void)state;
	assert_int_equal(load_text(text, strlen(text), &c, &e), 0);
	assert_int_equal(c.api_workers, 12);
	assert_string_equal(c.db_name, "a = b");
	assert_string_equal(c.db_user, "");
	assert_string_equal(c.vm_driver, "fake");
}

/* One step over each bound of each row. */
static void
bounds_of_every_row(void **state)
{
	char line[8192], longest[4200];
	struct conf c;
	struct err e;

	(void)state;
	memset(longest, 'a', sizeof(longest));
#define CONF_STR(name, def, max, help) \
	snprintf(line, sizeof(line), #name "=%.*s", (max) + 1, longest); \
	expect_error(line, "line 1: " #name " must be text of at most"); \
	line[strlen(line) - 1] = '\0'; \
	assert_int_equal(load_text(line, strlen(line), &c, &e), 0); \
	assert_int_equal(strlen(c.name), (max));
#define CONF_WORD(name, def, words, help) \
	expect_error(#name "=nonsense", \
		     "line 1: " #name " must be one of: " words); \
	expect_error(#name "=", "line 1: " #name " must be one of: " words);
#define CONF_INT(name, def, lo, hi, help) \
	snprintf(line, sizeof(line), #name "=%jd", (intmax_t)(lo)-1); \
	expect_error(line, "line 1: " #name " must be an integer from"); \
	snprintf(line, sizeof(line), #name "=%jd", (intmax_t)(hi) + 1); \
	expect_error(line, "line 1: " #name " must be an integer from"); \
	snprintf(line, sizeof(line), #name "=%jd", (intmax_t)(hi)); \
	assert_int_equal(load_text(line, strlen(line), &c, &e), 0); \
	assert_int_equal(c.name, hi);
#include "conf.def"
#undef CONF_STR
#undef CONF_WORD
#undef CONF_INT
}

static void
wrong_lines_are_named(void **state)
{
	struct conf c;
	struct err e;

	(void)state;
	expect_error("\n\nno_such = 1\n", "line 3: no option is named no_such");
	expect_error("db_port\n", "line 1: not name = value");
	expect_error("db_port = 1\n# x\ndb_port = 1\n",
		     "line 3: db_port is there twice");
	expect_error("db_port = 1x", "line 1: db_port must be an integer");
	expect_error("db_port =", "line 1: db_port must be an integer");
	expect_error("db_name = \xff", "line 1: db_name must be text");
	expect_error("= 1", "line 1: no option is named");
	assert_int_equal(load_text("db_name = a\0b", 13, &c, &e), -1);
	assert_non_null(strstr(e.msg, "NUL"));
}

static void
files_that_are_none(void **state)
{
	static char big[70000];
	struct conf c;
	struct err e;

	(void)state;
	assert_int_equal(conf_load(&c, "/nonexistent/caged.conf", &e), -1);
	assert_non_null(
		strstr(e.msg, "/nonexistent/caged.conf: open: No such"));
	assert_int_equal(conf_load(&c, "/tmp", &e), -1);
	assert_non_null(strstr(e.msg, "regular"));
	memset(big, '\n', sizeof(big));
	assert_int_equal(load_text(big, sizeof(big), &c, &e), -1);
	assert_non_null(strstr(e.msg, "longer"));
	assert_int_equal(load_text("", 0, &c, &e), 0);
}

static void
help_is_a_sample_file(void **state)
{
	auto_free char *text = NULL;
	struct conf c, want;
	struct err e;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	(void)state;
	conf_help(f);
	fclose(f);
	if (load_text(text, n, &c, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(conf_load(&want, NULL, &e), 0);
	assert_memory_equal(&c, &want, sizeof(c));
}

static void
key_of_exactly_n_bytes(void **state)
{
	static const char key[] = "0123456789abcdef0123456789abcdefX";
	auto_temp_dir struct temp_dir d;
	char path[TEMP_PATH_MAX], got[32];
	struct err e;

	(void)state;
	temp_dir_init(&d);
	temp_dir_file(&d, "key", path);
	temp_dir_write(path, key, 32);
	assert_int_equal(conf_read_key(path, got, 32, &e), 0);
	assert_memory_equal(got, key, 32);
	temp_dir_write(path, key, 31);
	assert_int_equal(conf_read_key(path, got, 32, &e), -1);
	temp_dir_write(path, key, 33);
	assert_int_equal(conf_read_key(path, got, 32, &e), -1);
	assert_null(strstr(e.msg, "0123"));
}

static void
key_that_others_may_write(void **state)
{
	static const mode_t bad[] = {0620, 0602, 0666};
	static const mode_t good[] = {0400, 0600, 0640, 0644};
	auto_temp_dir struct temp_dir d;
	char path[TEMP_PATH_MAX], got[4];
	struct err e;

	(void)state;
	temp_dir_init(&d);
	temp_dir_write(temp_dir_file(&d, "key", path), "abcd", 4);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		chmod(path, bad[i]);
		assert_int_equal(conf_read_key(path, got, 4, &e), -1);
		assert_non_null(strstr(e.msg, "others may write"));
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		chmod(path, good[i]);
		assert_int_equal(conf_read_key(path, got, 4, &e), 0);
	}
	if (geteuid() != 0)
		return;
	assert_int_equal(chown(path, 12345, 0), 0);
	assert_int_equal(conf_read_key(path, got, 4, &e), -1);
	assert_non_null(strstr(e.msg, "another user"));
}

static void
key_that_is_no_file(void **state)
{
	auto_temp_dir struct temp_dir d;
	char path[TEMP_PATH_MAX], got[4];
	struct err e;

	(void)state;
	temp_dir_init(&d);
	temp_dir_file(&d, "fifo", path);
	assert_int_equal(conf_read_key(path, got, 4, &e), -1);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(conf_read_key(path, got, 4, &e), -1);
	assert_non_null(strstr(e.msg, "regular"));
	assert_int_equal(conf_read_key(d.path, got, 4, &e), -1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_within_their_bounds),
		cmocka_unit_test(empty_host_is_the_kernels),
		cmocka_unit_test(lines_comments_and_blanks),
		cmocka_unit_test(bounds_of_every_row),
		cmocka_unit_test(wrong_lines_are_named),
		cmocka_unit_test(files_that_are_none),
		cmocka_unit_test(help_is_a_sample_file),
		cmocka_unit_test(key_of_exactly_n_bytes),
		cmocka_unit_test(key_that_others_may_write),
		cmocka_unit_test(key_that_is_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
