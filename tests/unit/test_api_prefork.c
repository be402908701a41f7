/* The parent of the workers: replaces, drains, ends. */
#include "../support/cmocka_all.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/prefork.h"
#include "err.h"
#include "log.h"
#include "timeutil.h"

enum { WORKERS = 3 };

/* Shared by the test, the parent and its workers. */
static struct {
	_Atomic pid_t pids[WORKERS];
	_Atomic int starts[WORKERS];
	_Atomic int serving; /* workers that run now */
	_Atomic int least;   /* fewest that ran while one was replaced */
	_Atomic int gone;
	_Atomic int ready;
	_Atomic bool crash, slow;
} * now;

static volatile sig_atomic_t stop;

static void
on_term(int sig)
{
	(void)sig;
	stop = 1;
}

static int
worker(void *arg, int n)
{
	struct sigaction term = {.sa_handler = on_term};
	sigset_t mask;
	int serving;

	(void)arg;
	sigaction(SIGTERM, &term, NULL);
	sigemptyset(&mask);
	atomic_store(&now->pids[n], getpid());
	atomic_fetch_add(&now->starts[n], 1);
	if (atomic_load(&now->crash))
		_exit(1);
	atomic_fetch_add(&now->serving, 1);
	while (!stop)
		sigsuspend(&mask);
	if (atomic_load(&now->slow))
		usleep(300000);
	serving = atomic_fetch_sub(&now->serving, 1) - 1;
	if (serving < atomic_load(&now->least))
		atomic_store(&now->least, serving);
	_exit(0);
}

static void
gone(void *arg, int n)
{
	(void)arg;
	(void)n;
	atomic_fetch_add(&now->gone, 1);
}

static void
ready(void *arg)
{
	(void)arg;
	atomic_fetch_add(&now->ready, 1);
}

static pid_t
start_parent(bool crash)
{
	const struct prefork p = {
		.workers = WORKERS,
		.run = worker,
		.gone = gone,
		.ready = ready,
	};
	struct err e;
	pid_t pid;

	now = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(now, MAP_FAILED);
	now->crash = crash;
	now->least = WORKERS;
	pid = fork();
	if (pid == 0) {
		log_init("test", LOG_LEVEL_ERROR);
		_exit(prefork_run(&p, &e) ? 1 : 0);
	}
	return pid;
}

/* Waits until `value` is reached; fails after five seconds. */
static void
until(_Atomic int *what, int value)
{
	int64_t end = time_mono_ms() + 5000;

	while (atomic_load(what) != value && time_mono_ms() < end)
		usleep(2000);
	assert_int_equal(atomic_load(what), value);
}

static void
end_parent(pid_t pid)
{
	int status;

	kill(pid, SIGTERM);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	munmap(now, 4096);
}

static void
starts_and_ends(void **state)
{
	pid_t pid = start_parent(false);

	(void)state;
	until(&now->serving, WORKERS);
	until(&now->ready, 1);
	for (int i = 0; i < WORKERS; i++)
		assert_int_equal(now->starts[i], 1);
	end_parent(pid);
}

static void
waits_for_the_request_at_work(void **state)
{
	int64_t start;
	pid_t pid = start_parent(false);
	int status;

	(void)state;
	until(&now->serving, WORKERS);
	now->slow = true;
	start = time_mono_ms();
	kill(pid, SIGTERM);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_in_range(time_mono_ms() - start, 300, 3000);
	assert_int_equal(now->serving, 0);
	munmap(now, 4096);
}

static void
replaces_the_killed(void **state)
{
	pid_t pid = start_parent(false);
	pid_t victim;

	(void)state;
	until(&now->serving, WORKERS);
	victim = now->pids[1];
	kill(victim, SIGKILL);
	until(&now->starts[1], 2);
	until(&now->gone, 1);
	assert_int_not_equal(now->pids[1], victim);
	assert_int_equal(now->starts[0], 1);
	end_parent(pid);
}

/* One after the other: never fewer than all but one serve. */
static void
replaces_all_on_sighup(void **state)
{
	pid_t pid = start_parent(false);

	(void)state;
	until(&now->serving, WORKERS);
	now->slow = true;
	kill(pid, SIGHUP);
	for (int i = 0; i < WORKERS; i++)
		until(&now->starts[i], 2);
	until(&now->serving, WORKERS);
	assert_int_equal(now->least, WORKERS - 1);
	now->slow = false;
	end_parent(pid);
}

static void
sighup_while_replacing_goes_round_again(void **state)
{
	pid_t pid = start_parent(false);

	(void)state;
	until(&now->serving, WORKERS);
	now->slow = true;
	kill(pid, SIGHUP);
	until(&now->starts[0], 2);
	kill(pid, SIGHUP);
	for (int i = 0; i < WORKERS; i++)
		until(&now->starts[i], 3);
	assert_int_equal(now->least, WORKERS - 1);
	now->slow = false;
	end_parent(pid);
}

/* 100 + 200 + 400 ms: at most five starts each in the first second. */
static void
pauses_before_the_next_crash(void **state)
{
	pid_t pid = start_parent(true);

	(void)state;
	usleep(1000000);
	for (int i = 0; i < WORKERS; i++)
		assert_in_range(now->starts[i], 2, 5);
	now->crash = false;
	until(&now->serving, WORKERS);
	end_parent(pid);
}

static void
workers_die_with_their_parent(void **state)
{
	pid_t pid = start_parent(false);
	pid_t workers[WORKERS];
	int64_t end = time_mono_ms() + 5000;

	(void)state;
	until(&now->serving, WORKERS);
	for (int i = 0; i < WORKERS; i++)
		workers[i] = now->pids[i];
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	for (int i = 0; i < WORKERS; i++)
		while (kill(workers[i], 0) == 0 && time_mono_ms() < end) {
			waitpid(workers[i], NULL, WNOHANG);
			usleep(2000);
		}
	until(&now->serving, 0);
	munmap(now, 4096);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_and_ends),
		cmocka_unit_test(waits_for_the_request_at_work),
		cmocka_unit_test(replaces_the_killed),
		cmocka_unit_test(replaces_all_on_sighup),
		cmocka_unit_test(sighup_while_replacing_goes_round_again),
		cmocka_unit_test(pauses_before_the_next_crash),
		cmocka_unit_test(workers_die_with_their_parent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
