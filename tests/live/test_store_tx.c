/* What becomes of a transaction when its connection or its server dies. */
#include "../support/store_live.h"

#include <pthread.h>
#include <stdatomic.h>

#include "store/store_sandbox.h"
#include "store/tx.h"

/* Ends the connection of `victim` the way an operator would. */
static void
kill_connection(struct store *victim)
{
	auto_store struct store *admin = live_open("root");
	struct err e = {0};
	char sql[64];

	snprintf(sql, sizeof(sql), "KILL CONNECTION %lu",
		 mysql_thread_id(victim->my));
	assert_ok(db_command(admin, sql, &e), &e);
	usleep(50000);
}

struct work {
	int runs, kill_in_run;
	bool kill_before_statement;
	struct store_account account;
};

static int
insert_account(struct store *s, void *arg, struct err *e)
{
	struct work *w = arg;
	bool kill = ++w->runs == w->kill_in_run;
	int rc;

	if (kill && w->kill_before_statement)
		kill_connection(s);
	rc = stmt_run(s, STMT_account_insert,
		      CELLS(cell_text(w->account.id), cell_text(w->account.id),
			    cell_text("free")),
		      NULL, e);
	if (kill && !w->kill_before_statement)
		kill_connection(s);
	return rc;
}

static void
work_init(struct work *w)
{
	*w = (struct work){.kill_in_run = 1};
	id_make(w->account.id, ID_ACCOUNT);
}

static void
runs_again_on_a_new_connection(void **state)
{
	auto_store struct store *s = NULL;
	struct store_account back;
	struct err e = {0};
	struct work w;

	(void)state;
	s = live_open("root");
	work_init(&w);
	w.kill_before_statement = true;
	assert_ok(tx_run(s, TX_ONCE, insert_account, &w, &e), &e);
	assert_int_equal(w.runs, 2);
	assert_ok(store_account_get(s, w.account.id, &back, &e), &e);
}

/* COMMIT was sent: whether it was done is unknown, so once means once. */
static void
does_not_repeat_what_must_not_be(void **state)
{
	auto_store struct store *s = NULL;
	struct err e = {0};
	struct work w;

	(void)state;
	s = live_open("root");
	work_init(&w);
	assert_int_equal(tx_run(s, TX_ONCE, insert_account, &w, &e), -1);
	assert_int_equal(e.code, ERR_DATABASE_UNAVAILABLE);
	assert_int_equal(w.runs, 1);
	work_init(&w);
	assert_ok(tx_run(s, 0, insert_account, &w, &e), &e);
	assert_int_equal(w.runs, 2);
}

static int
fail_after_insert(struct store *s, void *arg, struct err *e)
{
	if (insert_account(s, arg, e) < 0)
		return -1;
	return err_set(e, ERR_POLICY_DENIED, "no");
}

static void
a_failure_undoes_everything(void **state)
{
	auto_store struct store *s = NULL;
	struct store_account back;
	struct err e = {0};
	struct work w;

	(void)state;
	s = live_open("root");
	work_init(&w);
	w.kill_in_run = 0;
	assert_int_equal(tx_run(s, 0, fail_after_insert, &w, &e), -1);
	assert_int_equal(e.code, ERR_POLICY_DENIED);
	assert_int_equal(w.runs, 1);
	assert_int_equal(store_account_get(s, w.account.id, &back, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

struct crossing {
	pthread_t thread;
	const char *first, *second;
	int runs;
	struct err e;
	int rc;
};

static int
lock_two(struct store *s, void *arg, struct err *e)
{
	struct crossing *c = arg;

	c->runs++;
	if (stmt_run(s, STMT_account_lock, CELLS(cell_text(c->first)), NULL,
		     e) < 0)
		return -1;
	usleep(50000);
	return stmt_run(s, STMT_account_lock, CELLS(cell_text(c->second)), NULL,
			e);
}

static void *
cross(void *arg)
{
	struct crossing *c = arg;
	auto_store struct store *s = store_open(&live_conf, "caged-api", &c->e);

	c->rc = tx_run(s, 0, lock_two, c, &c->e);
	return NULL;
}

static void
deadlocks_are_retried(void **state)
{
	struct store_account a, b;
	struct crossing one = {.first = a.id, .second = b.id};
	struct crossing two = {.first = b.id, .second = a.id};

	(void)state;
	live_account(&a);
	live_account(&b);
	assert_int_equal(pthread_create(&one.thread, NULL, cross, &one), 0);
	assert_int_equal(pthread_create(&two.thread, NULL, cross, &two), 0);
	pthread_join(one.thread, NULL);
	pthread_join(two.thread, NULL);
	assert_ok(one.rc, &one.e);
	assert_ok(two.rc, &two.e);
	assert_true(one.runs + two.runs > 2);
}

#define WRITERS 3
#define ACKED_MAX 20000

struct writer {
	pthread_t thread;
	char account[ID_SIZE];
	char (*acked)[ID_SIZE];
	int count;
};

/* Creates sandboxes until the server is gone; notes each that it was told of. */
static void *
write_until_gone(void *arg)
{
	struct writer *w = arg;
	struct err e = {0};
	auto_store struct store *s = store_open(&live_conf, "caged-api", &e);

	while (w->count < ACKED_MAX) {
		struct store_create_result out;
		struct store_create c;

		live_create_args(&c, w->account);
		c.plan = "plan";
		c.plan_len = 4;
		if (store_sandbox_create(s, &c, &out, &e) < 0)
			break;
		memcpy(w->acked[w->count++], c.sandbox.id, ID_SIZE);
	}
	return NULL;
}

static int64_t
query_number(struct store *s, const char *format, const char *account)
{
	struct err e = {0};
	MYSQL_RES *res;
	char sql[400];
	int64_t n;

	snprintf(sql, sizeof(sql), "%s '%s'", format, account);
	assert_ok(db_command(s, sql, &e), &e);
	res = mysql_store_result(s->my);
	n = atoll(mysql_fetch_row(res)[0]);
	mysql_free_result(res);
	return n;
}

static void
check_writer(struct store *s, const struct writer *w)
{
	struct err e = {0};
	struct sandbox sb;
	int64_t rows, whole;

	assert_true(w->count > 0);
	for (int i = 0; i < w->count; i++)
		assert_ok(
			store_sandbox_get(s, w->account, w->acked[i], &sb, &e),
			&e);
	rows = query_number(
		s,
		"SELECT COUNT(*) FROM sandbox WHERE account_id =", w->account);
	whole = query_number(s,
			     "SELECT COUNT(*) FROM sandbox s"
			     " JOIN sandbox_transition t ON t.sandbox_id = s.id"
			     " JOIN sandbox_plan p ON p.sandbox_id = s.id"
			     " WHERE s.account_id =",
			     w->account);
	assert_in_range(rows, w->count, w->count + 1);
	assert_int_equal(whole, rows);
}

/* CAGED_TEST_DB_CRASH: a command that kills the server and starts it again. */
static void
a_killed_server_loses_nothing_acknowledged(void **state)
{
	const char *crash = getenv("CAGED_TEST_DB_CRASH");
	struct writer writers[WRITERS] = {0};
	auto_store struct store *s = NULL;

	(void)state;
	if (!crash) {
		print_message("no CAGED_TEST_DB_CRASH\n");
		skip();
	}
	for (int i = 0; i < WRITERS; i++) {
		struct store_account account;

		live_account(&account);
		memcpy(writers[i].account, account.id, ID_SIZE);
		writers[i].acked = calloc(ACKED_MAX, ID_SIZE);
		assert_non_null(writers[i].acked);
		assert_int_equal(pthread_create(&writers[i].thread, NULL,
						write_until_gone, &writers[i]),
				 0);
	}
	usleep(500000);
	assert_int_equal(system(crash), 0);
	for (int i = 0; i < WRITERS; i++)
		pthread_join(writers[i].thread, NULL);
	s = live_open("root");
	for (int i = 0; i < WRITERS; i++) {
		check_writer(s, &writers[i]);
		free(writers[i].acked);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_again_on_a_new_connection),
		cmocka_unit_test(does_not_repeat_what_must_not_be),
		cmocka_unit_test(a_failure_undoes_everything),
		cmocka_unit_test(deadlocks_are_retried),
		cmocka_unit_test(a_killed_server_loses_nothing_acknowledged),
	};

	return live_run_group(tests);
}
