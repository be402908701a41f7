/* Work off the loop: order, bounds, and an end that loses nothing. */
#include "../support/cmocka_all.h"

#include <event2/event.h>
#include <pthread.h>
#include <stdbool.h>
#include <unistd.h>

#include "err.h"
#include "gateway/jobs.h"

#define CAP 4

struct task {
	struct job job;
	int order_run, order_done;
	pthread_t ran_on, done_on;
};

static int runs, dones;

static void
run(struct job *j, void *ctx)
{
	struct task *t = (struct task *)(void *)j;
	pthread_mutex_t *gate = ctx;

	pthread_mutex_lock(gate);
	t->order_run = ++runs;
	t->ran_on = pthread_self();
	pthread_mutex_unlock(gate);
}

static void
done(struct job *j)
{
	struct task *t = (struct task *)(void *)j;

	t->order_done = ++dones;
	t->done_on = pthread_self();
}

static struct task
task(void)
{
	return (struct task){.job = {.run = run, .done = done}};
}

static void
jobs_run_elsewhere_and_end_here(void **state)
{
	pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
	struct event_base *base = event_base_new();
	struct task t[CAP];
	struct err e;
	struct jobs *js = jobs_new(base, "test", CAP, &gate, &e);

	(void)state;
	assert_non_null(js);
	runs = dones = 0;
	for (int i = 0; i < CAP; i++) {
		t[i] = task();
		assert_int_equal(jobs_add(js, &t[i].job), 0);
	}
	while (dones < CAP)
		event_base_loop(base, EVLOOP_ONCE);
	for (int i = 0; i < CAP; i++) {
		assert_int_equal(t[i].order_run, i + 1);
		assert_int_equal(t[i].order_done, i + 1);
		assert_false(pthread_equal(t[i].ran_on, pthread_self()));
		assert_true(pthread_equal(t[i].done_on, pthread_self()));
	}
	jobs_free(js);
	event_base_free(base);
}

/* The cap holds until completions were delivered; a stop runs what waits. */
static void
the_queue_is_bounded_and_drained(void **state)
{
	pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
	struct event_base *base = event_base_new();
	struct task t[CAP], more = task();
	struct err e;
	struct jobs *js = jobs_new(base, "test", CAP, &gate, &e);

	(void)state;
	runs = dones = 0;
	pthread_mutex_lock(&gate);
	for (int i = 0; i < CAP; i++) {
		t[i] = task();
		assert_int_equal(jobs_add(js, &t[i].job), 0);
	}
	assert_int_equal(jobs_add(js, &more.job), -1);
	pthread_mutex_unlock(&gate);
	jobs_stop(js);
	assert_int_equal(runs, CAP);
	assert_int_equal(dones, CAP);
	assert_int_equal(jobs_add(js, &more.job), -1);
	jobs_free(js);
	event_base_free(base);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jobs_run_elsewhere_and_end_here),
		cmocka_unit_test(the_queue_is_bounded_and_drained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
