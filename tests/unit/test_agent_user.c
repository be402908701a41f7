#include "../support/cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "err.h"
#include "../../agent/user.h"

static const char passwd[] = "root:x:0:0:root:/root:/bin/bash\n"
			     "# a comment\n"
			     "\n"
			     "short:x:1\n"
			     "bad:x:-1:0::/:/bin/sh\n"
			     "bad:x:4294967295:0::/:/bin/sh\n"
			     "bad:x:1x:0::/:/bin/sh\n"
			     "bad:x::0::/:/bin/sh\n"
			     "many:x:5:5:g:/h:/s:surplus\n"
			     "cage:x:1000:1001:,,,:/home/cage:/bin/zsh\n"
			     "cage:x:1:1::/second:/bin/sh\n"
			     "bare:x:7:8:::\n"
			     "last:x:9:9::/l:/bin/sh";

static int
find(struct user *u, const char *name)
{
	struct err e = {0};
	int rc = user_parse_passwd(u, passwd, strlen(passwd), name, &e);

	if (rc < 0)
		assert_int_equal(e.code, ERR_INVALID_REQUEST);
	return rc;
}

static void
finds_well_formed_lines(void **state)
{
	struct user u;

	(void)state;
	assert_int_equal(find(&u, "cage"), 0);
	assert_int_equal(u.uid, 1000);
	assert_int_equal(u.gid, 1001);
	assert_string_equal(u.home, "/home/cage");
	assert_string_equal(u.shell, "/bin/zsh");
	assert_int_equal(u.n_groups, 1);
	assert_int_equal(u.groups[0], 1001);
	assert_int_equal(find(&u, "bare"), 0);
	assert_string_equal(u.home, "/");
	assert_string_equal(u.shell, "/bin/sh");
	assert_int_equal(find(&u, "last"), 0);
	assert_int_equal(u.uid, 9);
}

static void
passes_over_the_others(void **state)
{
	static const char *const names[] = {
		"bad", "short", "many", "cag", "cage:", "", "# a comment"};
	struct user u;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(find(&u, names[i]), -1);
}

static void
long_fields_are_refused(void **state)
{
	char text[2000];
	struct user u;
	struct err e;

	(void)state;
	snprintf(text, sizeof(text), "u:x:1:1::/%0500d:/bin/sh\n", 0);
	assert_int_equal(user_parse_passwd(&u, text, strlen(text), "u", &e),
			 -1);
}

static void
adds_the_groups_that_list_the_user(void **state)
{
	static const char group[] = "sudo:x:27:a,cage\n"
				    "cage:x:1001:cage\n"
				    "like:x:30:cagex,xcage,cag\n"
				    "broken:x:31\n"
				    "broken:x:x:cage\n"
				    "empty:x:32:\n"
				    "only:x:33:cage\n";
	struct user u;

	(void)state;
	assert_int_equal(find(&u, "cage"), 0);
	user_parse_group(&u, group, strlen(group));
	assert_int_equal(u.n_groups, 3);
	assert_int_equal(u.groups[1], 27);
	assert_int_equal(u.groups[2], 33);
}

static void
groups_are_bounded(void **state)
{
	static char group[100 * 32];
	struct user u;
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 100; i++)
		n += (size_t)snprintf(group + n, sizeof(group) - n,
				      "g%d:x:%d:cage\n", i, 2000 + i);
	assert_int_equal(find(&u, "cage"), 0);
	user_parse_group(&u, group, n);
	assert_int_equal(u.n_groups, USER_GROUPS_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_well_formed_lines),
		cmocka_unit_test(passes_over_the_others),
		cmocka_unit_test(long_fields_are_refused),
		cmocka_unit_test(adds_the_groups_that_list_the_user),
		cmocka_unit_test(groups_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
