/* What a restarted daemon does with each state, and whom it takes for alive. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/cmocka_all.h"
#include "err.h"

#include "../../vmctl/driver.h"
#include "../../vmctl/procfs.h"
#include "../../vmctl/recover.h"
#include "../../vmctl/vm_state.h"

#define NOW (INT64_C(1) << 50)

static void
decides(void **state)
{
	static const struct {
		enum vmctl_state st;
		bool lives;
		int64_t age_us;
		enum recover_action want;
	} cases[] = {
		{VMCTL_STATE_creating, false, 0, RECOVER_UNDO},
		{VMCTL_STATE_creating, true, 0, RECOVER_UNDO},
		{VMCTL_STATE_running, true, 0, RECOVER_ADOPT},
		{VMCTL_STATE_running, false, 0, RECOVER_EXIT},
		{VMCTL_STATE_paused, true, 0, RECOVER_ADOPT},
		{VMCTL_STATE_paused, false, 0, RECOVER_EXIT},
		{VMCTL_STATE_running, true, 2 * RECOVER_TOMBSTONE_US,
		 RECOVER_ADOPT},
		{VMCTL_STATE_exited, false, 2 * RECOVER_TOMBSTONE_US,
		 RECOVER_KEEP},
		{VMCTL_STATE_destroying, true, 0, RECOVER_DESTROY},
		{VMCTL_STATE_destroying, false, 0, RECOVER_DESTROY},
		{VMCTL_STATE_destroyed, false, RECOVER_TOMBSTONE_US,
		 RECOVER_KEEP},
		{VMCTL_STATE_destroyed, false, RECOVER_TOMBSTONE_US + 1,
		 RECOVER_FORGET},
		{VMCTL_STATE_absent, false, 0, RECOVER_KEEP},
		{VMCTL_STATE_absent, false, RECOVER_TOMBSTONE_US + 1,
		 RECOVER_FORGET},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vm_state st;

		vm_state_init(&st, "cage-0123456789abcdef");
		st.state = cases[i].st;
		st.changed_us = NOW - cases[i].age_us;
		if (recover_decide(&st, cases[i].lives, NOW) != cases[i].want)
			fail_msg("case %zu", i);
	}
}

struct fixture {
	pid_t pid;
	struct vm_state st;
};

static int
start_process(void **state)
{
	static struct fixture f;
	struct err e;

	f.pid = fork();
	if (f.pid == 0) {
		pause();
		_exit(0);
	}
	vm_state_init(&f.st, "cage-0123456789abcdef");
	assert_int_equal(driver_identify(f.pid, &f.st, &e), 0);
	f.st.uid = getuid();
	snprintf(f.st.host_boot, sizeof(f.st.host_boot), "this-boot");
	*state = &f;
	return 0;
}

static int
stop_process(void **state)
{
	struct fixture *f = *state;

	kill(f->pid, SIGKILL);
	waitpid(f->pid, NULL, 0);
	return 0;
}

/* Each mark alone tells another process from the recorded one. */
static void
every_mark_must_match(void **state)
{
	const struct fixture *f = *state;
	struct vm_state st = f->st;

	assert_true(recover_lives(&st, "this-boot"));
	assert_false(recover_lives(&st, "that-boot"));
	st.start_ticks++;
	assert_false(recover_lives(&st, "this-boot"));
	st = f->st;
	st.exe_ino++;
	assert_false(recover_lives(&st, "this-boot"));
	st = f->st;
	st.exe_dev++;
	assert_false(recover_lives(&st, "this-boot"));
	st = f->st;
	st.uid++;
	assert_false(recover_lives(&st, "this-boot"));
	st = f->st;
	st.pid = 0;
	assert_false(recover_lives(&st, "this-boot"));
}

static void
a_zombie_does_not_live(void **state)
{
	const struct fixture *f = *state;
	siginfo_t info;

	kill(f->pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)f->pid, &info, WEXITED | WNOWAIT),
			 0);
	assert_false(recover_lives(&f->st, "this-boot"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decides),
		cmocka_unit_test_setup_teardown(every_mark_must_match,
						start_process, stop_process),
		cmocka_unit_test_setup_teardown(a_zombie_does_not_live,
						start_process, stop_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
