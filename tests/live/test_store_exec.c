/* Execs and their output on a real server. */
#include "../support/store_live.h"

#include "buf.h"
#include "store/exec_chunk.h"
#include "store/store_exec.h"
#include "store/store_sandbox_move.h"
#include "timeutil.h"

struct live {
	struct store *api, *gateway;
	struct store_account account;
	struct store_exec x;
};

static void
live_fini(struct live *l)
{
	store_close(l->api);
	store_close(l->gateway);
}
#define auto_live __attribute__((cleanup(live_fini)))

static void
live_init(struct live *l)
{
	struct store_move m = {NULL, 1, SANDBOX_creating, SANDBOX_running, "t",
			       "t",  ""};
	enum store_move_outcome moved;
	struct err e = {0};

	l->api = live_open("caged-api");
	l->gateway = live_open("caged-gateway");
	live_account(&l->account);
	live_sandbox(l->api, l->account.id, l->x.sandbox);
	m.sandbox = l->x.sandbox;
	assert_ok(store_sandbox_move(l->gateway, &m, &moved, NULL, &e), &e);
	id_make(l->x.id, ID_EXEC);
	id_make(l->x.key, ID_KEY);
	memcpy(l->x.account, l->account.id, ID_SIZE);
	text_copy(l->x.request_id, sizeof(l->x.request_id), "request-1");
	l->x.boot = 1;
	l->x.started_us = time_unix_us();
}

static void
save(struct live *l, const struct store_exec_item *items, size_t n)
{
	struct err e = {0};

	assert_ok(store_exec_save(l->gateway, items, n, &e), &e);
}

static struct store_exec
get(struct live *l)
{
	struct err e = {0};
	struct store_exec out;

	assert_ok(store_exec_get(l->api, l->account.id, l->x.sandbox, l->x.id,
				 &out, NULL, NULL, &e),
		  &e);
	return out;
}

static void
set_ended(struct store_exec *x)
{
	x->ended_us = x->started_us + 1500000;
	x->exit_code = 137;
	x->duration_us = 1400000;
	x->stdout_bytes = 5;
	x->stderr_bytes = 6;
	x->dropped_bytes = 7;
	text_copy(x->cause, sizeof(x->cause), "killed");
}

static void
starts_and_ends(void **state)
{
	const char *command = "echo 'a' \"b\" \xf0\x9f\x90\xa7; # ?";
	struct store_exec_item item = {.kind = STORE_EXEC_START};
	auto_free char *read_back = NULL;
	auto_live struct live l = {0};
	struct store_exec out;
	struct err e = {0};
	bool argv = true;

	(void)state;
	live_init(&l);
	item.exec = &l.x;
	item.command = command;
	save(&l, &item, 1);
	save(&l, &item, 1); /* repeated: nothing */
	out = get(&l);
	assert_int_equal(out.status, EXEC_running);
	assert_int_equal(out.started_us, l.x.started_us);
	assert_int_equal(out.ended_us, 0);
	set_ended(&l.x);
	item.kind = STORE_EXEC_END;
	save(&l, &item, 1);
	save(&l, &item, 1);
	assert_ok(store_exec_get(l.api, l.account.id, l.x.sandbox, l.x.id, &out,
				 &read_back, &argv, &e),
		  &e);
	assert_string_equal(read_back, command);
	assert_false(argv);
	l.x.status = EXEC_done;
	assert_int_equal(out.status, EXEC_done);
	assert_int_equal(out.ended_us, l.x.ended_us);
	assert_int_equal(out.exit_code, 137);
	assert_int_equal(out.dropped_bytes, 7);
	assert_string_equal(out.cause, "killed");
	assert_string_equal(out.request_id, "request-1");
}

static void
an_end_without_a_start_is_enough(void **state)
{
	struct store_exec_item item = {.kind = STORE_EXEC_END,
				       .command = "[\"true\"]",
				       .command_is_argv = true};
	auto_live struct live l = {0};

	(void)state;
	live_init(&l);
	set_ended(&l.x);
	item.exec = &l.x;
	save(&l, &item, 1);
	assert_int_equal(get(&l).status, EXEC_done);
}

static void
belongs_to_its_account(void **state)
{
	struct store_exec_item item = {.kind = STORE_EXEC_START,
				       .command = "true"};
	auto_live struct live l = {0};
	struct store_account other;
	struct store_exec out;
	struct err e = {0};

	(void)state;
	live_init(&l);
	live_account(&other);
	item.exec = &l.x;
	save(&l, &item, 1);
	assert_int_equal(store_exec_get(l.api, other.id, l.x.sandbox, l.x.id,
					&out, NULL, NULL, &e),
			 -1);
	assert_int_equal(e.code, ERR_EXEC_NOT_FOUND);
}

static void
save_chunk(struct live *l, uint32_t no, const char *out, const char *err)
{
	auto_buf struct buf chunk = {.cap = EXEC_CHUNK_RAW};
	struct store_exec_item item = {
		.kind = STORE_EXEC_OUTPUT, .exec = &l->x, .chunk_no = no};

	if (out)
		exec_chunk_add(&chunk, EXEC_STDOUT, out, strlen(out));
	if (err)
		exec_chunk_add(&chunk, EXEC_STDERR, err, strlen(err));
	item.chunk = chunk.data;
	item.chunk_len = chunk.len;
	save(l, &item, 1);
}

static int
join(void *arg, int stream, const void *p, size_t n, bool gap)
{
	return buf_addf(arg, "%s%d:%.*s ", gap ? "GAP " : "", stream, (int)n,
			(const char *)p);
}

static void
assert_output(struct live *l, const char *want)
{
	auto_buf struct buf text = {.cap = 65536};
	struct err e = {0};

	assert_ok(store_exec_output(l->api, &l->x, join, &text, &e), &e);
	assert_string_equal(buf_str(&text), want);
}

static void
output_comes_back_in_order(void **state)
{
	auto_live struct live l = {0};
	struct store_exec_item reset = {.kind = STORE_EXEC_RESET};

	(void)state;
	live_init(&l);
	assert_output(&l, "");
	save_chunk(&l, 0, "a", "b");
	save_chunk(&l, 1, "c", NULL);
	save_chunk(&l, 1, "C", NULL); /* repeated: the last one counts */
	assert_output(&l, "1:a 2:b 1:C ");
	reset.exec = &l.x;
	save(&l, &reset, 1);
	assert_output(&l, "");
}

static void
the_middle_is_dropped(void **state)
{
	uint32_t last = EXEC_CHUNKS_HEAD + EXEC_CHUNKS_TAIL + 2;
	auto_buf struct buf text = {.cap = 65536};
	auto_live struct live l = {0};
	struct err e = {0};
	char name[16];

	(void)state;
	live_init(&l);
	for (uint32_t i = 0; i <= last; i++) {
		snprintf(name, sizeof(name), "%u", i);
		save_chunk(&l, i, name, NULL);
	}
	assert_ok(store_exec_output(l.api, &l.x, join, &text, &e), &e);
	assert_non_null(strstr(buf_str(&text), " 1:15 GAP 1:19 1:20 "));
	snprintf(name, sizeof(name), " 1:%u ", last);
	assert_non_null(strstr(buf_str(&text), name));
}

static int
note_id(void *arg, const struct store_exec *x)
{
	return buf_addf(arg, "%s ", x->id);
}

static void
a_dead_sandbox_runs_nothing(void **state)
{
	struct store_destroy d = {.owner = "t", .actor = "t", .reason = "t"};
	struct store_exec_item item = {.kind = STORE_EXEC_START,
				       .command = "sleep 9"};
	auto_buf struct buf ids = {.cap = 1000};
	enum store_destroy_outcome outcome;
	auto_live struct live l = {0};
	auto_store struct store *keeper = NULL;
	char want[ID_SIZE + 1];
	struct err e = {0};
	int64_t op_id, n;

	(void)state;
	live_init(&l);
	item.exec = &l.x;
	save(&l, &item, 1);
	assert_ok(store_exec_running(l.gateway, l.x.sandbox, 10, note_id, &ids,
				     &e),
		  &e);
	snprintf(want, sizeof(want), "%s ", l.x.id);
	assert_string_equal(buf_str(&ids), want);
	d.sandbox = l.x.sandbox;
	assert_ok(store_sandbox_begin_destroy(l.api, &d, &outcome, &op_id, &e),
		  &e);
	assert_int_equal(get(&l).status, EXEC_lost);

	id_make(l.x.id, ID_EXEC); /* a start that was saved too late */
	save(&l, &item, 1);
	assert_int_equal(get(&l).status, EXEC_running);
	keeper = live_open("caged-keeper");
	assert_ok(store_exec_sweep(keeper, &n, &e), &e);
	assert_true(n >= 1);
	assert_int_equal(get(&l).status, EXEC_lost);
	set_ended(&l.x); /* its end came after all */
	item.kind = STORE_EXEC_END;
	save(&l, &item, 1);
	assert_int_equal(get(&l).status, EXEC_done);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_and_ends),
		cmocka_unit_test(an_end_without_a_start_is_enough),
		cmocka_unit_test(belongs_to_its_account),
		cmocka_unit_test(output_comes_back_in_order),
		cmocka_unit_test(the_middle_is_dropped),
		cmocka_unit_test(a_dead_sandbox_runs_nothing),
	};

	return live_run_group(tests);
}
