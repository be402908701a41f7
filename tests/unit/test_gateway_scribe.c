/* Rows go in order, in batches, and wait when the database is away. */
#include "../support/cmocka_all.h"

#include <event2/event.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "gateway/jobs.h"
#include "gateway/scribe.h"
#include "timeutil.h"

/* The store's place; touched by the database thread, under `lock`. */
struct fake {
	pthread_mutex_t lock;
	bool away;
	int batches, items, largest;
	char last[ID_SIZE];
	uint32_t chunks;
	bool in_order;
};

struct bench {
	struct event_base *base;
	struct jobs *db;
	struct scribe *scribe;
	struct fake fake;
	int saved, drained, troubles;
};

static int
save(void *ctx, const struct store_exec_item *items, size_t n, struct err *e)
{
	struct fake *f = ctx;
	int rc = 0;

	pthread_mutex_lock(&f->lock);
	f->batches++;
	if ((int)n > f->largest)
		f->largest = (int)n;
	if (f->away)
		rc = err_set(e, ERR_DATABASE_UNAVAILABLE, "away");
	for (size_t i = 0; rc == 0 && i < n; i++) {
		f->items++;
		snprintf(f->last, sizeof(f->last), "%s", items[i].exec->id);
		if (items[i].kind == STORE_EXEC_OUTPUT &&
		    items[i].chunk_no != f->chunks++)
			f->in_order = false;
	}
	pthread_mutex_unlock(&f->lock);
	return rc;
}

static void
on_saved(void *arg, const char *exec)
{
	struct bench *b = arg;

	(void)exec;
	b->saved++;
}

static void
on_drained(void *arg)
{
	struct bench *b = arg;

	b->drained++;
}

static void
on_trouble(void *arg, const struct err *e)
{
	struct bench *b = arg;

	(void)e;
	b->troubles++;
}

static const struct scribe_hooks hooks = {
	.save = save,
	.saved = on_saved,
	.drained = on_drained,
	.trouble = on_trouble,
};

static int
setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct err e;

	pthread_mutex_init(&b->fake.lock, NULL);
	b->fake.in_order = true;
	b->base = event_base_new();
	b->db = jobs_new(b->base, "db", 4, &b->fake, &e);
	b->scribe = scribe_new(b->base, b->db, &hooks, b);
	*state = b;
	return b->scribe ? 0 : -1;
}

static int
teardown(void **state)
{
	struct bench *b = *state;

	jobs_stop(b->db);
	scribe_free(b->scribe);
	jobs_free(b->db);
	event_base_free(b->base);
	pthread_mutex_destroy(&b->fake.lock);
	free(b);
	return 0;
}

static void
spin(struct bench *b, int ms)
{
	int64_t end = time_mono_ms() + ms;

	while (time_mono_ms() < end) {
		event_base_loop(b->base, EVLOOP_NONBLOCK);
		usleep(500);
	}
}

static bool
idle_within(struct bench *b, int ms)
{
	int64_t end = time_mono_ms() + ms;

	while (!scribe_idle(b->scribe) && time_mono_ms() < end)
		spin(b, 2);
	return scribe_idle(b->scribe);
}

static struct store_exec
row(int n)
{
	struct store_exec x = {.started_us = 1};

	snprintf(x.id, sizeof(x.id), "exec-%016d", n);
	return x;
}

/* What comes within a batch's time shares its transaction. */
static void
rows_share_a_batch(void **state)
{
	struct bench *b = *state;
	struct store_exec x = row(1);

	assert_int_equal(
		scribe_note(b->scribe, STORE_EXEC_START, &x, "ls", false), 0);
	assert_int_equal(scribe_output(b->scribe, &x, 0, "abc", 3), 0);
	assert_int_equal(
		scribe_note(b->scribe, STORE_EXEC_END, &x, "ls", false), 0);
	assert_true(idle_within(b, 1000));
	assert_int_equal(b->fake.batches, 1);
	assert_int_equal(b->fake.items, 3);
	assert_int_equal(b->saved, 1);
	assert_string_equal(b->fake.last, x.id);
}

static void
batches_are_bounded_and_in_order(void **state)
{
	struct bench *b = *state;
	struct store_exec x = row(1);

	for (uint32_t i = 0; i < 3 * STORE_EXEC_BATCH_MAX; i++)
		assert_int_equal(scribe_output(b->scribe, &x, i, "x", 1), 0);
	assert_true(idle_within(b, 3000));
	assert_int_equal(b->fake.items, 3 * STORE_EXEC_BATCH_MAX);
	assert_int_equal(b->fake.largest, STORE_EXEC_BATCH_MAX);
	assert_true(b->fake.in_order);
}

/* Nothing is acknowledged, nothing is lost, nothing is doubled. */
static void
rows_wait_for_the_database(void **state)
{
	struct bench *b = *state;
	struct store_exec x = row(1), y = row(2);

	b->fake.away = true;
	scribe_note(b->scribe, STORE_EXEC_END, &x, "a", false);
	spin(b, 200);
	assert_int_equal(b->saved, 0);
	assert_int_equal(b->troubles, 1);
	assert_false(scribe_idle(b->scribe));
	scribe_note(b->scribe, STORE_EXEC_END, &y, "b", false);
	pthread_mutex_lock(&b->fake.lock);
	b->fake.away = false;
	pthread_mutex_unlock(&b->fake.lock);
	assert_true(idle_within(b, SCRIBE_RETRY_MS + 1000));
	assert_int_equal(b->saved, 2);
	assert_int_equal(b->fake.items, 2);
	assert_int_equal(b->troubles, 2);
	assert_string_equal(b->fake.last, y.id);
}

/* Full at SCRIBE_SPOOL, closed at twice that, drained when it was written. */
static void
the_spool_is_bounded(void **state)
{
	static char chunk[64 * 1024];
	struct bench *b = *state;
	struct store_exec x = row(1);
	size_t bytes = 0, full_at = 0;
	uint32_t n = 0;

	b->fake.away = true;
	while (scribe_output(b->scribe, &x, n, chunk, sizeof(chunk)) == 0) {
		n++;
		bytes += sizeof(chunk);
		if (!full_at && scribe_full(b->scribe))
			full_at = bytes;
	}
	assert_in_range(full_at, SCRIBE_SPOOL / 2,
			SCRIBE_SPOOL + sizeof(chunk));
	assert_in_range(bytes, SCRIBE_SPOOL, 2 * SCRIBE_SPOOL);
	assert_int_equal(b->drained, 0);
	b->fake.away = false;
	assert_true(idle_within(b, 20000));
	assert_int_equal(b->drained, 1);
	assert_int_equal(b->fake.chunks, n);
	assert_true(b->fake.in_order);
	assert_false(scribe_full(b->scribe));
}

int
main(void)
{
#define BENCH_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		BENCH_TEST(rows_share_a_batch),
		BENCH_TEST(batches_are_bounded_and_in_order),
		BENCH_TEST(rows_wait_for_the_database),
		BENCH_TEST(the_spool_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
