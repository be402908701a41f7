#include "log.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../support/cmocka_all.h"
#include "text.h"

static char captured[32768];

/* What `write_it` puts on standard error. */
static const char *
capture(void (*write_it)(void))
{
	int file = memfd_create("log", MFD_CLOEXEC);
	int saved = dup(STDERR_FILENO);
	ssize_t n;

	assert_true(file >= 0 && saved >= 0);
	dup2(file, STDERR_FILENO);
	write_it();
	dup2(saved, STDERR_FILENO);
	n = pread(file, captured, sizeof(captured) - 1, 0);
	assert_true(n >= 0);
	captured[n] = '\0';
	close(file);
	close(saved);
	return captured;
}

static void
write_pairs(void)
{
	log_warn("vm exited", "sandbox", "cage-1", "cause", "killed");
}

static void
line_has_its_parts(void **state)
{
	const char *line;

	(void)state;
	log_init("vmctl", LOG_LEVEL_INFO);
	line = capture(write_pairs);
	assert_int_equal(strncmp(line, "ts=20", 5), 0);
	assert_non_null(strstr(line, "Z level=warn prog=vmctl msg=\"vm exited\""
				     " sandbox=\"cage-1\" cause=\"killed\"\n"));
}

static void
write_hostile(void)
{
	log_error("x", "a", "1\n2\t\"3\"\\\x1b[2J\x7f\xff\xc2\x9b\xc3\xa9", "b",
		  (const char *)NULL);
}

static void
values_are_escaped(void **state)
{
	const char *line;

	(void)state;
	line = capture(write_hostile);
	assert_non_null(strstr(
		line,
		"a=\"1\\x0a2\\x09\\\"3\\\"\\\\\\x1b[2J\\x7f\\xff\\xc2\\x9b"
		"\xc3\xa9\" b=\"\"\n"));
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

static void
write_low(void)
{
	log_info("no");
	log_debug("no");
}

static void
level_decides(void **state)
{
	(void)state;
	log_init("x", LOG_LEVEL_WARN);
	assert_string_equal(capture(write_low), "");
	log_init("x", LOG_LEVEL_DEBUG);
	assert_non_null(strstr(capture(write_low), "level=debug"));
}

static void
write_long(void)
{
	static char value[20000];

	memset(value, '\n', sizeof(value) - 1);
	log_error("long", "value", value, "after", "gone");
}

static void
long_lines_are_cut(void **state)
{
	const char *line = capture(write_long);
	size_t n = strlen(line);

	(void)state;
	assert_in_range(n, 8000, 8192);
	assert_string_equal(line + n - 8, "\\x0a...\n");
	assert_true(text_is_utf8(line, n));
}

static void
levels_have_names(void **state)
{
	(void)state;
	assert_int_equal(log_level_from_name("debug"), LOG_LEVEL_DEBUG);
	assert_int_equal(log_level_from_name("error"), LOG_LEVEL_ERROR);
	assert_int_equal(log_level_from_name("Error"), -1);
	assert_int_equal(log_level_from_name(""), -1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_has_its_parts),
		cmocka_unit_test(values_are_escaped),
		cmocka_unit_test(level_decides),
		cmocka_unit_test(levels_have_names),
		cmocka_unit_test(long_lines_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
