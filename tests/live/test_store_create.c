/* store_sandbox_create: quota and Idempotency-Key, also when two ask at once.
 */
#include "../support/store_live.h"

#include <pthread.h>

#include "store/store_sandbox.h"
#include "store/store_sandbox_move.h"

static void
create(struct store *s, const struct store_create *c,
       struct store_create_result *out)
{
	struct err e = {0};

	assert_ok(store_sandbox_create(s, c, out, &e), &e);
}

static void
keeps_what_it_was_given(void **state)
{
	auto_store struct store *s = NULL;
	struct store_create_result out;
	struct store_account account;
	struct err e = {0};
	struct store_create c;
	struct sandbox sb;

	(void)state;
	s = live_open("caged-api");
	live_account(&account);
	live_create_args(&c, account.id);
	text_copy(c.sandbox.name, sizeof(c.sandbox.name), "n\xc3\xa4me ' \" ;");
	text_copy(c.sandbox.metadata, sizeof(c.sandbox.metadata),
		  "{\"z\":\"1\",\"a\": \"2\"}");
	create(s, &c, &out);
	assert_int_equal(out.outcome, STORE_CREATED);
	assert_ok(store_sandbox_get(s, account.id, c.sandbox.id, &sb, &e), &e);
	assert_string_equal(sb.name, c.sandbox.name);
	assert_string_equal(sb.metadata, c.sandbox.metadata);
	assert_string_equal(sb.template_name, "minimal");
	assert_int_equal(sb.state, SANDBOX_creating);
	assert_int_equal(sb.op_id, 1);
	assert_int_equal(sb.memory_mb, 512);
	assert_true(sb.created_us > 1700000000000000);
	assert_int_equal(sb.started_us, 0);
	create(s, &c, &out); /* as after a COMMIT without an answer */
	assert_int_equal(out.outcome, STORE_CREATED);
}

static void
others_do_not_see_it(void **state)
{
	struct store_account mine, theirs;
	auto_store struct store *s = NULL;
	struct err e = {0};
	struct sandbox sb;
	char id[ID_SIZE];

	(void)state;
	s = live_open("caged-api");
	live_account(&mine);
	live_account(&theirs);
	live_sandbox(s, mine.id, id);
	assert_int_equal(store_sandbox_get(s, theirs.id, id, &sb, &e), -1);
	assert_int_equal(e.code, ERR_SANDBOX_NOT_FOUND);
}

/* Another request of this account, with its key. */
static enum store_create_outcome
again(struct store *s, const char *account, const char *key, uint8_t last_byte,
      struct store_create_result *out)
{
	struct store_create c;

	live_create_args(&c, account);
	c.idem_key = key;
	c.request_hash[31] = last_byte;
	create(s, &c, out);
	return out->outcome;
}

static void
a_repeat_finds_the_first(void **state)
{
	auto_store struct store *s = live_open("caged-api");
	auto_store struct store *gw = live_open("caged-gateway");
	struct store_move m = {
		NULL,	   1, SANDBOX_creating, SANDBOX_running, "gateway",
		"claimed", ""};
	struct store_create_result out;
	struct store_account account;
	enum store_move_outcome moved;
	struct store_create first;
	struct err e = {0};

	(void)state;
	live_account(&account);
	live_create_args(&first, account.id);
	first.idem_key = "the key";
	create(s, &first, &out);
	assert_int_equal(out.outcome, STORE_CREATED);
	assert_int_equal(again(s, account.id, "the key", 1, &out),
			 STORE_CONFLICT);
	assert_int_equal(again(s, account.id, "the key", 0, &out),
			 STORE_STILL_CREATING);
	assert_string_equal(out.sandbox, first.sandbox.id);
	m.sandbox = first.sandbox.id;
	assert_ok(store_sandbox_move(gw, &m, &moved, NULL, &e), &e);
	assert_int_equal(moved, STORE_MOVED);
	assert_int_equal(again(s, account.id, "the key", 0, &out),
			 STORE_REPLAY);
	assert_string_equal(out.sandbox, first.sandbox.id);
	assert_int_equal(again(s, account.id, "The key", 0, &out),
			 STORE_CREATED);
}

static void
a_repeat_is_told_the_problem(void **state)
{
	struct err e = {0},
		   problem = {.code = ERR_GUEST_TIMEOUT, .msg = "too slow"};
	struct store_destroy d = {.only_op_id = 1,
				  .owner = "t",
				  .actor = "t",
				  .reason = "t",
				  .problem = &problem};
	auto_store struct store *s = live_open("caged-api");
	enum store_destroy_outcome destroyed;
	struct store_create_result out;
	struct store_account account;
	struct store_create first;
	int64_t op_id;

	(void)state;
	live_account(&account);
	live_create_args(&first, account.id);
	first.idem_key = "k";
	create(s, &first, &out);
	d.sandbox = first.sandbox.id;
	assert_ok(store_sandbox_begin_destroy(s, &d, &destroyed, &op_id, &e),
		  &e);
	assert_int_equal(destroyed, STORE_DESTROY_BEGUN);
	assert_int_equal(op_id, 2);
	assert_int_equal(again(s, account.id, "k", 0, &out), STORE_PROBLEM);
	assert_int_equal(out.problem.code, ERR_GUEST_TIMEOUT);
	assert_string_equal(out.problem.msg, "too slow");
}

static void
quota_counts_what_lives(void **state)
{
	enum store_destroy_outcome destroyed;
	auto_store struct store *s = NULL;
	struct store_create_result out;
	struct store_account account;
	struct store_destroy d = {.owner = "t", .actor = "t", .reason = "t"};
	struct err e = {0};
	struct store_create c;
	char first[ID_SIZE];
	int64_t op_id;

	(void)state;
	s = live_open("caged-api");
	live_account(&account);
	live_sandbox(s, account.id, first);
	live_create_args(&c, account.id);
	c.max_sandboxes = 1;
	create(s, &c, &out);
	assert_int_equal(out.outcome, STORE_OVER_QUOTA);
	assert_int_equal(out.count, 1);
	d.sandbox = first;
	assert_ok(store_sandbox_begin_destroy(s, &d, &destroyed, &op_id, &e),
		  &e);
	create(s, &c, &out);
	assert_int_equal(out.outcome, STORE_CREATED);
}

/* A refused create leaves the Idempotency-Key free. */
static void
quota_frees_the_key(void **state)
{
	auto_store struct store *s = NULL;
	struct store_create_result out;
	struct store_account account;
	struct store_create c;
	char first[ID_SIZE];

	(void)state;
	s = live_open("caged-api");
	live_account(&account);
	live_sandbox(s, account.id, first);
	live_create_args(&c, account.id);
	c.idem_key = "k";
	c.max_sandboxes = 1;
	create(s, &c, &out);
	assert_int_equal(out.outcome, STORE_OVER_QUOTA);
	c.max_sandboxes = 2;
	create(s, &c, &out);
	assert_int_equal(out.outcome, STORE_CREATED);
}

#define RACERS 4
#define ROUNDS 15

struct racer {
	pthread_t thread;
	const char *account, *idem_key;
	int64_t max_sandboxes;
	int rounds;
	int outcomes[STORE_CONFLICT + 1];
	char created[ID_SIZE], told[ID_SIZE];
	struct err e;
};

static void *
race(void *arg)
{
	struct racer *r = arg;
	auto_store struct store *s = store_open(&live_conf, "caged-api", &r->e);

	for (int i = 0; s && i < r->rounds; i++) {
		struct store_create_result out;
		struct store_create c;

		live_create_args(&c, r->account);
		c.idem_key = r->idem_key;
		c.max_sandboxes = r->max_sandboxes;
		if (store_sandbox_create(s, &c, &out, &r->e) < 0)
			break;
		r->outcomes[out.outcome]++;
		memcpy(out.outcome == STORE_CREATED ? r->created : r->told,
		       out.outcome == STORE_CREATED ? c.sandbox.id
						    : out.sandbox,
		       ID_SIZE);
	}
	return NULL;
}

static void
run_race(struct racer *racers)
{
	for (int i = 0; i < RACERS; i++)
		assert_int_equal(pthread_create(&racers[i].thread, NULL, race,
						&racers[i]),
				 0);
	for (int i = 0; i < RACERS; i++) {
		pthread_join(racers[i].thread, NULL);
		if (racers[i].e.code != ERR_NONE)
			fail_msg("racer %d: %s", i, racers[i].e.msg);
	}
}

static void
quota_holds_in_a_race(void **state)
{
	struct racer racers[RACERS] = {0};
	struct store_account account;
	int created = 0, refused = 0;

	(void)state;
	live_account(&account);
	for (int i = 0; i < RACERS; i++) {
		racers[i].account = account.id;
		racers[i].max_sandboxes = 7;
		racers[i].rounds = ROUNDS;
	}
	run_race(racers);
	for (int i = 0; i < RACERS; i++) {
		created += racers[i].outcomes[STORE_CREATED];
		refused += racers[i].outcomes[STORE_OVER_QUOTA];
	}
	assert_int_equal(created, 7);
	assert_int_equal(refused, RACERS * ROUNDS - 7);
}

static void
one_key_makes_one_sandbox(void **state)
{
	struct store_account account;

	(void)state;
	live_account(&account);
	for (int round = 0; round < ROUNDS; round++) {
		struct racer racers[RACERS] = {0};
		const char *created = NULL;
		int count = 0;
		char key[16];

		snprintf(key, sizeof(key), "key %d", round);
		for (int i = 0; i < RACERS; i++) {
			racers[i].account = account.id;
			racers[i].idem_key = key;
			racers[i].rounds = 1;
		}
		run_race(racers);
		for (int i = 0; i < RACERS; i++) {
			count += racers[i].outcomes[STORE_CREATED];
			if (racers[i].created[0])
				created = racers[i].created;
		}
		assert_int_equal(count, 1);
		for (int i = 0; i < RACERS; i++) {
			if (!racers[i].created[0])
				assert_string_equal(racers[i].told, created);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_what_it_was_given),
		cmocka_unit_test(others_do_not_see_it),
		cmocka_unit_test(a_repeat_finds_the_first),
		cmocka_unit_test(a_repeat_is_told_the_problem),
		cmocka_unit_test(quota_counts_what_lives),
		cmocka_unit_test(quota_frees_the_key),
		cmocka_unit_test(quota_holds_in_a_race),
		cmocka_unit_test(one_key_makes_one_sandbox),
	};

	return live_run_group(tests);
}
