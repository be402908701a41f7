#include "proc.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "../support/temp_dir.h"
#include "err.h"

/* Runs fn in a child, since it changes its process; fn's result. */
static int
in_child(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(fn());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Each returns 0 or the line of the first thing that was not so. */
#define NEED(what) \
	do { \
		if (!(what)) \
			return __LINE__ & 255; \
	} while (0)

static int
hardened(void)
{
	struct rlimit core;
	struct sigaction pipe_action;
	struct err e;

	NEED(proc_harden(&e) == 0);
	NEED(prctl(PR_GET_DUMPABLE) == 0);
	NEED(getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max == 0);
	NEED(sigaction(SIGPIPE, NULL, &pipe_action) == 0);
	NEED(pipe_action.sa_handler == SIG_IGN);
	NEED(umask(0) == 0077);
	return 0;
}

static int
nofile_raised(void)
{
	struct rlimit l = {16, 64};

	NEED(setrlimit(RLIMIT_NOFILE, &l) == 0);
	proc_raise_nofile();
	NEED(getrlimit(RLIMIT_NOFILE, &l) == 0);
	NEED(l.rlim_cur == 64 && l.rlim_max == 64);
	return 0;
}

static int
became_nobody(void)
{
	struct err e = {0};
	uid_t r, ef, s;
	gid_t rg, eg, sg;
	const struct passwd *pw = getpwnam("nobody");

	NEED(pw);
	NEED(proc_become("nobody", &e) == 0);
	NEED(getresuid(&r, &ef, &s) == 0 && getresgid(&rg, &eg, &sg) == 0);
	NEED(r == pw->pw_uid && ef == r && s == r);
	NEED(rg == pw->pw_gid && eg == rg && sg == rg);
	NEED(setuid(0) < 0 && seteuid(0) < 0 && setgid(0) < 0);
	NEED(prctl(PR_GET_DUMPABLE) == 0);
	/* Again is nothing; another is refused. */
	NEED(proc_become("nobody", &e) == 0);
	NEED(proc_become("root", &e) < 0);
	NEED(strstr(e.msg, "must start as root"));
	return 0;
}

static void
harden(void **state)
{
	(void)state;
	assert_int_equal(in_child(hardened), 0);
}

static void
raise_nofile(void **state)
{
	(void)state;
	assert_int_equal(in_child(nofile_raised), 0);
}

static void
become(void **state)
{
	struct err e = {0};

	(void)state;
	assert_int_equal(proc_become("no-such-user-here", &e), -1);
	assert_non_null(strstr(e.msg, "no such user"));
	if (geteuid() != 0)
		skip();
	assert_int_equal(in_child(became_nobody), 0);
}

/* What the supervisor at `a` receives from proc_notify_ready. */
static void
expect_ready(const struct sockaddr_un *a, socklen_t len, const char *name)
{
	int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char got[32] = "";

	assert_int_equal(bind(sock, (const struct sockaddr *)a, len), 0);
	setenv("NOTIFY_SOCKET", name, 1);
	proc_notify_ready();
	assert_int_equal(recv(sock, got, sizeof(got), MSG_DONTWAIT), 7);
	assert_string_equal(got, "READY=1");
	close(sock);
}

static void
notify(void **state)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	auto_temp_dir struct temp_dir d;
	char path[TEMP_PATH_MAX];
	int n;

	(void)state;
	temp_dir_init(&d);
	temp_dir_file(&d, "n", path);
	strcpy(a.sun_path, path);
	expect_ready(&a, sizeof(a), path);
	n = snprintf(a.sun_path, sizeof(a.sun_path), "@caged-test-%d",
		     (int)getpid());
	strcpy(path, a.sun_path);
	a.sun_path[0] = '\0';
	expect_ready(
		&a,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)n),
		path);
	/* Nobody there, and no such thing: no harm. */
	setenv("NOTIFY_SOCKET", "/nonexistent/n", 1);
	proc_notify_ready();
	unsetenv("NOTIFY_SOCKET");
	proc_notify_ready();
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(harden),
		cmocka_unit_test(raise_nofile),
		cmocka_unit_test(become),
		cmocka_unit_test(notify),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
