/* /proc is read by position, whatever a process calls itself. */
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "../support/cmocka_all.h"

#include "../../vmctl/procfs.h"

static void
names_do_not_confuse(void **state)
{
	static const char *const names[] = {"qemu", "a b",	 ") R 1 2 3",
					    "((",   "\n) S 9 9", ""};
	char text[512];
	struct procfs_stat s;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(text, sizeof(text),
			 "42 (%s) S 7 42 42 0 -1 4194560 1 2 3 4 150 50 5 6 20 "
			 "0 3 0 987654 1000 25 18446744073709551615 1 1",
			 names[i]);
		assert_int_equal(procfs_parse_stat(text, &s), 0);
		assert_int_equal(s.state, 'S');
		assert_int_equal(s.parent, 7);
		assert_int_equal(s.start_ticks, 987654);
		assert_int_equal(s.rss_bytes,
				 25 * (uint64_t)sysconf(_SC_PAGESIZE));
		assert_int_equal(s.cpu_us,
				 UINT64_C(200) * 1000000 /
					 (uint64_t)sysconf(_SC_CLK_TCK));
	}
}

static void
cut_text_is_refused(void **state)
{
	char text[] = "42 (q) S 7 42 42 0 -1 4194560 1 2 3 4 150 50 5 6 20 0 3 "
		      "0 987654 1000 25";
	size_t n = strlen(text);
	struct procfs_stat s;

	(void)state;
	assert_int_equal(procfs_parse_stat(text, &s), 0);
	while (n > 0 && text[n - 1] != ' ')
		text[--n] = '\0';
	for (; n > 0; n--) {
		text[n] = '\0';
		assert_int_equal(procfs_parse_stat(text, &s), -1);
	}
}

static void
hostile_own_name(void **state)
{
	uid_t uid;
	struct procfs_stat s;
	uint64_t dev, ino;

	(void)state;
	prctl(PR_SET_NAME, "x)\nUid: 7 7 7", 0, 0, 0);
	assert_int_equal(procfs_uid(getpid(), &uid), 0);
	assert_int_equal(uid, getuid());
	assert_int_equal(procfs_stat(getpid(), &s), 0);
	assert_int_equal(s.parent, getppid());
	assert_int_equal(procfs_exe(getpid(), &dev, &ino), 0);
	assert_int_equal(procfs_stat(-1, &s), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_do_not_confuse),
		cmocka_unit_test(cut_text_is_refused),
		cmocka_unit_test(hostile_own_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
