/* Moves from state to state, and what goes with them, on a real server. */
#include "../support/store_live.h"

#include "buf.h"
#include "store/store_log.h"
#include "store/store_run.h"
#include "store/store_sandbox.h"
#include "store/store_sandbox_move.h"

struct live {
	struct store *api, *gateway, *keeper;
	struct store_account account;
	char id[ID_SIZE];
};

static void
live_fini(struct live *l)
{
	store_close(l->api);
	store_close(l->gateway);
	store_close(l->keeper);
}
#define auto_live __attribute__((cleanup(live_fini)))

static void
live_init(struct live *l)
{
	l->api = live_open("caged-api");
	l->gateway = live_open("caged-gateway");
	l->keeper = live_open("caged-keeper");
	live_account(&l->account);
	live_sandbox(l->api, l->account.id, l->id);
}

static enum store_move_outcome
move(struct store *s, const char *id, int64_t op_id, enum sandbox_state from,
     enum sandbox_state to)
{
	struct store_move m = {id, op_id, from, to, "test", "why", "words"};
	enum store_move_outcome out = STORE_MOVED;
	struct err e = {0};

	assert_ok(store_sandbox_move(s, &m, &out, NULL, &e), &e);
	return out;
}

static int64_t
destroy(struct store *s, const char *id, enum store_destroy_outcome want)
{
	struct store_destroy d = {.sandbox = id,
				  .owner = "t",
				  .actor = "t",
				  .reason = "t",
				  .message = ""};
	enum store_destroy_outcome out;
	struct err e = {0};
	int64_t op_id;

	assert_ok(store_sandbox_begin_destroy(s, &d, &out, &op_id, &e), &e);
	assert_int_equal(out, want);
	return op_id;
}

static struct sandbox
row(const struct live *l)
{
	struct err e = {0};
	struct sandbox sb;

	assert_ok(store_sandbox_get(l->api, NULL, l->id, &sb, &e), &e);
	return sb;
}

static const struct store_begin pausing = {
	.from = SANDBOX_running,
	.to = SANDBOX_pausing,
	.goal = SANDBOX_paused,
	.owner = "t",
	.actor = "t",
	.reason = "t",
	.message = "",
	.pause_reason = "user",
};
static const struct store_begin resuming = {
	.from = SANDBOX_paused,
	.to = SANDBOX_resuming,
	.goal = SANDBOX_running,
	.owner = "t",
	.actor = "t",
	.reason = "t",
	.message = "",
};

/* The op_id afterwards. */
static int64_t
begin(struct live *l, const struct store_begin *how,
      enum store_begin_outcome want)
{
	struct store_begin b = *how;
	enum store_begin_outcome out;
	struct sandbox now;
	struct err e = {0};

	b.sandbox = l->id;
	assert_ok(store_sandbox_begin(l->api, &b, &out, &now, &e), &e);
	assert_int_equal(out, want);
	return now.op_id;
}

/* Puts a fresh sandbox into `state` by legal moves; its op_id. */
static int64_t
reach(struct live *l, enum sandbox_state state)
{
	int64_t op_id = 1;

	live_sandbox(l->api, l->account.id, l->id);
	if (sandbox_state_alive(state))
		move(l->gateway, l->id, 1, SANDBOX_creating, SANDBOX_running);
	if (sandbox_state_alive(state) && state != SANDBOX_running)
		op_id = begin(l, &pausing, STORE_BEGUN);
	if (state == SANDBOX_paused || state == SANDBOX_resuming)
		move(l->gateway, l->id, op_id, SANDBOX_pausing, SANDBOX_paused);
	if (state == SANDBOX_resuming)
		op_id = begin(l, &resuming, STORE_BEGUN);
	if (state == SANDBOX_error)
		move(l->gateway, l->id, 1, SANDBOX_creating, SANDBOX_error);
	if (state == SANDBOX_destroying || state == SANDBOX_destroyed)
		op_id = destroy(l->api, l->id, STORE_DESTROY_BEGUN);
	if (state == SANDBOX_destroyed)
		move(l->api, l->id, op_id, SANDBOX_destroying,
		     SANDBOX_destroyed);
	assert_int_equal(row(l).state, state);
	return op_id;
}

/* From every state, every move: it takes place when it is legal from there. */
static void
only_legal_moves(void **state)
{
	auto_live struct live l = {0};

	(void)state;
	live_init(&l);
	for (int now = 0; now < SANDBOX_STATE_COUNT; now++) {
		for (int from = 0; from < SANDBOX_STATE_COUNT; from++) {
			for (int to = 0; to < SANDBOX_STATE_COUNT; to++) {
				enum store_move_outcome want = STORE_MOVE_LOST;
				int64_t op_id;

				if (!sandbox_move_legal(
					    (enum sandbox_state)from,
					    (enum sandbox_state)to) ||
				    to == SANDBOX_destroying)
					continue;
				op_id = reach(&l, (enum sandbox_state)now);
				if (now == from)
					want = STORE_MOVED;
				if (now == to)
					want = STORE_MOVED_BEFORE;
				assert_int_equal(move(l.gateway, l.id, op_id,
						      (enum sandbox_state)from,
						      (enum sandbox_state)to),
						 want);
				assert_int_equal(row(&l).state,
						 want == STORE_MOVED ? to
								     : now);
			}
		}
	}
}

static void
every_live_state_can_be_destroyed(void **state)
{
	auto_live struct live l = {0};

	(void)state;
	live_init(&l);
	for (int now = 0; now < SANDBOX_STATE_COUNT; now++) {
		enum store_destroy_outcome want = STORE_DESTROY_BEGUN;
		int64_t op_id = reach(&l, (enum sandbox_state)now);

		if (now == SANDBOX_destroying)
			want = STORE_DESTROY_RUNNING;
		if (now == SANDBOX_destroyed)
			want = STORE_DESTROY_DONE;
		assert_int_equal(destroy(l.api, l.id, want),
				 op_id + (want == STORE_DESTROY_BEGUN));
	}
}

static void
an_old_op_id_is_refused(void **state)
{
	auto_live struct live l = {0};

	(void)state;
	live_init(&l);
	destroy(l.api, l.id, STORE_DESTROY_BEGUN);
	assert_int_equal(
		move(l.gateway, l.id, 1, SANDBOX_creating, SANDBOX_running),
		STORE_MOVE_LOST);
	assert_int_equal(
		move(l.api, l.id, 1, SANDBOX_destroying, SANDBOX_destroyed),
		STORE_MOVE_LOST);
	assert_int_equal(row(&l).state, SANDBOX_destroying);
}

static void
an_undo_hits_only_its_create(void **state)
{
	auto_live struct live l = {0};
	struct store_destroy d = {
		.only_op_id = 1, .owner = "t", .actor = "t", .reason = "t"};
	enum store_destroy_outcome out;
	struct err e = {0};
	int64_t op_id;

	(void)state;
	live_init(&l);
	move(l.gateway, l.id, 1, SANDBOX_creating, SANDBOX_running);
	d.sandbox = l.id;
	assert_ok(store_sandbox_begin_destroy(l.keeper, &d, &out, &op_id, &e),
		  &e);
	assert_int_equal(out, STORE_DESTROY_LOST);
	assert_int_equal(row(&l).state, SANDBOX_running);
}

static void
the_account_is_checked(void **state)
{
	struct store_destroy d = {.account = "acct-0000000000000000",
				  .owner = "t",
				  .actor = "t",
				  .reason = "t"};
	auto_live struct live l = {0};
	enum store_destroy_outcome out;
	struct err e = {0};
	int64_t op_id;

	(void)state;
	live_init(&l);
	d.sandbox = l.id;
	assert_int_equal(
		store_sandbox_begin_destroy(l.api, &d, &out, &op_id, &e), -1);
	assert_int_equal(e.code, ERR_SANDBOX_NOT_FOUND);
	assert_int_equal(row(&l).state, SANDBOX_creating);
}

static int64_t
open_runs(struct store *s, const char *sandbox)
{
	char sql[256];
	struct err e = {0};
	MYSQL_RES *res;
	int64_t n;

	snprintf(sql, sizeof(sql),
		 "SELECT COUNT(*) FROM sandbox_run WHERE sandbox_id = '%s'"
		 " AND ended_at IS NULL",
		 sandbox);
	assert_ok(db_command(s, sql, &e), &e);
	res = mysql_store_result(s->my);
	n = atoll(mysql_fetch_row(res)[0]);
	mysql_free_result(res);
	return n;
}

static void
runs_and_times_follow(void **state)
{
	auto_live struct live l = {0};
	struct sandbox sb;
	int64_t op_id;

	(void)state;
	live_init(&l);
	sb = row(&l);
	assert_int_equal(sb.started_us, 0);
	move(l.gateway, l.id, 1, SANDBOX_creating, SANDBOX_running);
	sb = row(&l);
	assert_true(sb.started_us >= sb.created_us);
	assert_int_equal(sb.stopped_us, 0);
	assert_int_equal(open_runs(l.gateway, l.id), 1);
	op_id = destroy(l.api, l.id, STORE_DESTROY_BEGUN);
	sb = row(&l);
	assert_true(sb.stopped_us >= sb.started_us);
	assert_int_equal(open_runs(l.gateway, l.id), 0);
	move(l.keeper, l.id, op_id, SANDBOX_destroying, SANDBOX_destroyed);
	sb = row(&l);
	assert_true(sb.destroyed_us >= sb.stopped_us);
}

static int64_t
sent(struct store *s, const char *sandbox, bool all)
{
	char sql[256];
	struct err e = {0};
	MYSQL_RES *res;
	int64_t n;

	snprintf(sql, sizeof(sql),
		 "SELECT SUM(sent_bytes) FROM sandbox_run WHERE"
		 " sandbox_id = '%s' AND (%d OR ended_at IS NULL)",
		 sandbox, all);
	assert_ok(db_command(s, sql, &e), &e);
	res = mysql_store_result(s->my);
	n = atoll(mysql_fetch_row(res)[0]);
	mysql_free_result(res);
	return n;
}

/* vmctl counts bytes from the boot on: no run is given those of another. */
static void
runs_share_what_a_boot_sent(void **state)
{
	auto_live struct live l = {0};
	struct store_run_ref ref = {.boot = 1, .sent_bytes = 100};
	struct err e = {0};

	(void)state;
	live_init(&l);
	reach(&l, SANDBOX_running);
	strcpy(ref.sandbox, l.id);
	assert_ok(store_run_seen(l.keeper, &ref, 1, &e), &e);
	begin(&l, &pausing, STORE_BEGUN);
	move(l.gateway, l.id, 2, SANDBOX_pausing, SANDBOX_paused);
	begin(&l, &resuming, STORE_BEGUN);
	move(l.gateway, l.id, 3, SANDBOX_resuming, SANDBOX_running);
	ref.sent_bytes = 130;
	assert_ok(store_run_seen(l.keeper, &ref, 1, &e), &e);
	assert_int_equal(sent(l.keeper, l.id, false), 30);
	assert_int_equal(sent(l.keeper, l.id, true), 130);
}

/* One run up to each pause, nothing charged in between; op_id rises. */
static void
a_pause_ends_a_run_and_no_exec(void **state)
{
	auto_live struct live l = {0};
	struct sandbox sb;
	int64_t op_id, started;

	(void)state;
	live_init(&l);
	op_id = reach(&l, SANDBOX_pausing);
	assert_int_equal(op_id, 2);
	assert_int_equal(open_runs(l.gateway, l.id), 0);
	assert_string_equal(row(&l).pause_reason, "user");
	assert_int_equal(begin(&l, &pausing, STORE_BEGIN_RUNNING), 2);
	begin(&l, &resuming, STORE_BEGIN_REFUSED);
	move(l.gateway, l.id, 2, SANDBOX_pausing, SANDBOX_paused);
	assert_int_equal(begin(&l, &pausing, STORE_BEGIN_DONE), 2);
	started = row(&l).started_us;
	assert_int_equal(begin(&l, &resuming, STORE_BEGUN), 3);
	assert_int_equal(open_runs(l.gateway, l.id), 0);
	move(l.gateway, l.id, 3, SANDBOX_resuming, SANDBOX_running);
	assert_int_equal(open_runs(l.gateway, l.id), 1);
	sb = row(&l);
	assert_string_equal(sb.pause_reason, "");
	assert_int_equal(sb.started_us, started);
	assert_int_equal(sb.stopped_us, 0);
	assert_int_equal(begin(&l, &resuming, STORE_BEGIN_DONE), 3);
}

static void
an_error_says_why(void **state)
{
	auto_live struct live l = {0};
	struct sandbox sb;
	int64_t op_id;

	(void)state;
	live_init(&l);
	move(l.gateway, l.id, 1, SANDBOX_creating, SANDBOX_running);
	move(l.keeper, l.id, 1, SANDBOX_running, SANDBOX_error);
	op_id = destroy(l.api, l.id, STORE_DESTROY_BEGUN);
	move(l.api, l.id, op_id, SANDBOX_destroying, SANDBOX_destroyed);
	sb = row(&l);
	assert_string_equal(sb.error_code, "why");
	assert_string_equal(sb.error_message, "words");
}

static void
the_plan_goes_at_the_end(void **state)
{
	auto_buf struct buf plan = {.cap = STORE_PLAN_MAX};
	static uint8_t secret[100000];
	auto_live struct live l = {0};
	struct store_create_result out;
	struct store_create c;
	struct err e = {0};
	int64_t op_id;

	(void)state;
	live_init(&l);
	live_create_args(&c, l.account.id);
	random_bytes(secret, sizeof(secret));
	c.plan = secret;
	c.plan_len = sizeof(secret);
	assert_ok(store_sandbox_create(l.api, &c, &out, &e), &e);
	assert_ok(store_plan_get(l.gateway, c.sandbox.id, &plan, &e), &e);
	assert_int_equal(plan.len, sizeof(secret));
	assert_memory_equal(plan.data, secret, sizeof(secret));
	op_id = destroy(l.api, c.sandbox.id, STORE_DESTROY_BEGUN);
	move(l.keeper, c.sandbox.id, op_id, SANDBOX_destroying,
	     SANDBOX_destroyed);
	assert_ok(store_plan_get(l.gateway, c.sandbox.id, &plan, &e), &e);
	assert_int_equal(plan.len, 0);
}

static int
join_line(void *arg, const struct store_log_line *line)
{
	return buf_addf(arg, "%s|%s\n", line->type, line->message);
}

static void
the_log_tells_it_in_order(void **state)
{
	auto_buf struct buf text = {.cap = 4096};
	auto_live struct live l = {0};
	struct err e = {0};

	(void)state;
	live_init(&l);
	move(l.gateway, l.id, 1, SANDBOX_creating, SANDBOX_running);
	destroy(l.api, l.id, STORE_DESTROY_BEGUN);
	assert_ok(store_log_tail(l.api, l.id, 100, join_line, &text, &e), &e);
	assert_string_equal(buf_str(&text),
			    "lifecycle| -> creating: create\n"
			    "lifecycle|creating -> running: why: words\n"
			    "lifecycle|running -> destroying: t\n");
	buf_reset(&text);
	assert_ok(store_log_tail(l.api, l.id, 1, join_line, &text, &e), &e);
	assert_string_equal(buf_str(&text),
			    "lifecycle|running -> destroying: t\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_legal_moves),
		cmocka_unit_test(every_live_state_can_be_destroyed),
		cmocka_unit_test(an_old_op_id_is_refused),
		cmocka_unit_test(an_undo_hits_only_its_create),
		cmocka_unit_test(the_account_is_checked),
		cmocka_unit_test(runs_and_times_follow),
		cmocka_unit_test(a_pause_ends_a_run_and_no_exec),
		cmocka_unit_test(runs_share_what_a_boot_sent),
		cmocka_unit_test(an_error_says_why),
		cmocka_unit_test(the_plan_goes_at_the_end),
		cmocka_unit_test(the_log_tells_it_in_order),
	};

	return live_run_group(tests);
}
