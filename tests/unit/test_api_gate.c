/* How many workers may be inside vmctl. */
#include "../support/cmocka_all.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/gate.h"
#include "err.h"
#include "timeutil.h"

static struct gate *
gate_of(int workers)
{
	struct err e;
	struct gate *g = gate_new(workers, &e);

	assert_non_null(g);
	return g;
}

static void
a_quarter_gets_in(void **state)
{
	static const int workers[] = {1, 2, 4, 8, 16, 256};

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct gate *g = gate_of(workers[i]);
		int places = workers[i] / 4 ? workers[i] / 4 : 1;
		struct err e = {0};

		for (int w = 0; w < places; w++)
			assert_int_equal(gate_enter(g, w, &e), 0);
		if (workers[i] > 1) {
			assert_int_equal(gate_enter(g, places, &e), -1);
			assert_int_equal(e.code, ERR_OVERLOADED);
			gate_leave(g, 0);
			assert_int_equal(gate_enter(g, places, &e), 0);
		}
		gate_free(g);
	}
}

static void
waits_for_a_place(void **state)
{
	struct gate *g = gate_of(4);
	struct err e;
	int64_t start;
	pid_t pid;

	(void)state;
	assert_int_equal(gate_enter(g, 0, &e), 0);
	start = time_mono_ms();
	pid = fork();
	if (pid == 0) {
		usleep(200000);
		gate_leave(g, 0);
		_exit(0);
	}
	assert_int_equal(gate_enter(g, 1, &e), 0);
	assert_in_range(time_mono_ms() - start, 150, GATE_WAIT_MS - 1);
	waitpid(pid, NULL, 0);
	gate_free(g);
}

static void
gives_up_in_time(void **state)
{
	struct gate *g = gate_of(4);
	int64_t start = time_mono_ms();
	struct err e;

	(void)state;
	assert_int_equal(gate_enter(g, 0, &e), 0);
	assert_int_equal(gate_enter(g, 1, &e), -1);
	assert_in_range(time_mono_ms() - start, GATE_WAIT_MS,
			GATE_WAIT_MS + 1000);
	gate_free(g);
}

/* One inside and half of the others waiting leave a worker that answers. */
static void
not_everybody_waits(void **state)
{
	struct gate *g = gate_of(4);
	int64_t start;
	pid_t pids[2];
	struct err e;

	(void)state;
	assert_int_equal(gate_enter(g, 0, &e), 0);
	for (int i = 0; i < 2; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			gate_enter(g, i + 1, &e);
			_exit(0);
		}
	}
	usleep(100000);
	start = time_mono_ms();
	assert_int_equal(gate_enter(g, 3, &e), -1);
	assert_true(time_mono_ms() - start < 500);
	for (int i = 0; i < 2; i++)
		waitpid(pids[i], NULL, 0);
	gate_free(g);
}

static void
a_killed_worker_gives_its_place_back(void **state)
{
	struct gate *g = gate_of(4);
	struct err e;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		gate_enter(g, 2, &e);
		raise(SIGKILL);
	}
	waitpid(pid, NULL, 0);
	gate_reap(g, 2);
	assert_int_equal(gate_enter(g, 0, &e), 0);
	gate_free(g);
}

/* Never more than the limit at once, and everybody gets through. */
static void
holds_under_contention(void **state)
{
	enum { WORKERS = 8, TURNS = 40 };
	struct gate *g = gate_of(WORKERS);
	_Atomic int *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	/* [0] inside now, [1] was over the limit, [2] turns */

	(void)state;
	for (int w = 0; w < WORKERS / 2; w++)
		if (fork() == 0) {
			struct err e;

			for (int i = 0; i < TURNS; i++) {
				if (gate_enter(g, w, &e))
					continue;
				if (atomic_fetch_add(&shared[0], 1) >=
				    WORKERS / 4)
					shared[1] = 1;
				usleep(500);
				atomic_fetch_sub(&shared[0], 1);
				atomic_fetch_add(&shared[2], 1);
				gate_leave(g, w);
			}
			_exit(0);
		}
	for (int w = 0; w < WORKERS / 2; w++)
		wait(NULL);
	assert_int_equal(shared[1], 0);
	assert_int_equal(shared[2], WORKERS / 2 * TURNS);
	munmap(shared, 4096);
	gate_free(g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quarter_gets_in),
		cmocka_unit_test(waits_for_a_place),
		cmocka_unit_test(gives_up_in_time),
		cmocka_unit_test(not_everybody_waits),
		cmocka_unit_test(a_killed_worker_gives_its_place_back),
		cmocka_unit_test(holds_under_contention),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
