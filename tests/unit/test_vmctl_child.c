/* What a child gives up, and that nothing of a uid survives. Needs root. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/cmocka_all.h"
#include "err.h"

#include "../../vmctl/child.h"
#include "../../vmctl/procfs.h"

#define UID 799998u
#define SLEEPERS 5

/* Runs fn in a child; it passes when it exits with 0. */
static void
in_child(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(fn());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static int
became(void)
{
	uid_t r, e, s;
	struct err why;
	cap_t now, none = cap_init();

	if (child_become(UID, &why) < 0)
		return 1;
	getresuid(&r, &e, &s);
	if (r != UID || e != UID || s != UID || getgroups(0, NULL) != 0)
		return 2;
	now = cap_get_proc();
	if (cap_compare(now, none) != 0)
		return 3;
	cap_free(now);
	cap_free(none);
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++) {
		if (prctl(PR_CAPBSET_READ, cap) != 0)
			return 4;
	}
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 5;
	return setuid(0) == 0 || seteuid(0) == 0 ? 6 : 0;
}

static void
becoming_is_for_good(void **state)
{
	(void)state;
	in_child(became);
}

static int
kept(void)
{
	int a = open("/dev/null", O_RDONLY), b = dup(a), c = dup(a), d = dup(a);
	int keep[] = {d, -1, b, b};

	child_keep_fds(keep, 4);
	return fcntl(a, F_GETFD) >= 0 || fcntl(c, F_GETFD) >= 0 ||
	       fcntl(b, F_GETFD) < 0 || fcntl(d, F_GETFD) < 0 ||
	       fcntl(d + 1, F_GETFD) >= 0 || fcntl(2, F_GETFD) < 0;
}

static void
only_kept_descriptors_stay(void **state)
{
	(void)state;
	in_child(kept);
}

/* Forks for ever, each in a session of its own, ignoring what can be ignored.
 */
static void
be_tiresome(void)
{
	struct err why;

	if (child_become(UID, &why) < 0)
		_exit(1);
	signal(SIGTERM, SIG_IGN);
	for (int i = 0; i < SLEEPERS; i++) {
		if (fork() == 0)
			setsid();
	}
	for (;;)
		pause();
}

static void
nothing_of_a_uid_survives(void **state)
{
	struct err e;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		be_tiresome();
	while (procfs_each(UID, UID, NULL, NULL) < 1 << SLEEPERS)
		usleep(1000);
	assert_int_equal(child_kill_uid(UID, 3000, &e), 0);
	assert_int_equal(procfs_each(UID, UID, NULL, NULL), 0);
	waitpid(pid, NULL, 0);
	assert_int_equal(child_kill_uid(UID, 3000, &e), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(becoming_is_for_good),
		cmocka_unit_test(only_kept_descriptors_stay),
		cmocka_unit_test(nothing_of_a_uid_survives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
