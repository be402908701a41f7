/* Lists, patches, keys and Idempotency-Keys on a real server. */
#include "../support/store_live.h"

#include "store/store_host.h"
#include "store/store_idempotency.h"
#include "store/store_key.h"
#include "store/store_retain.h"
#include "store/store_sandbox.h"
#include "store/store_sandbox_move.h"
#include "timeutil.h"

#define SANDBOXES 25

struct page {
	char ids[SANDBOXES][ID_SIZE];
	int count;
	uint64_t last;
};

static int
take(void *arg, const struct sandbox *sb)
{
	struct page *p = arg;

	assert_true(p->count < SANDBOXES);
	memcpy(p->ids[p->count++], sb->id, ID_SIZE);
	p->last = sb->seq;
	return 0;
}

/* Everything got one creation time, so only the order of rows tells them apart. */
static void
pages_neither_lose_nor_repeat(void **state)
{
	auto_store struct store *s = NULL, *admin = NULL;
	char made[SANDBOXES][ID_SIZE];
	struct store_account account;
	struct store_sandbox_query q = {.limit = 4};
	struct page p = {0};
	struct err e = {0};
	char sql[200];
	int before;

	(void)state;
	s = live_open("caged-api");
	admin = live_open("root");
	live_account(&account);
	for (int i = 0; i < SANDBOXES; i++)
		live_sandbox(s, account.id, made[i]);
	snprintf(sql, sizeof(sql),
		 "UPDATE sandbox SET created_at = '2026-01-01'"
		 " WHERE account_id = '%s'",
		 account.id);
	assert_ok(db_command(admin, sql, &e), &e);
	q.account = account.id;
	q.states = store_states_live();
	do {
		before = p.count;
		q.before = p.last;
		assert_ok(store_sandbox_list(s, &q, take, &p, &e), &e);
		assert_true(p.count - before <= 4);
	} while (p.count > before);
	assert_int_equal(p.count, SANDBOXES);
	for (int i = 0; i < SANDBOXES; i++)
		assert_string_equal(p.ids[i], made[SANDBOXES - 1 - i]);
}

static void
with_metadata(struct store *s, const char *account, const char *json,
	      char id[ID_SIZE])
{
	struct store_create_result out;
	struct store_create c;
	struct err e = {0};

	live_create_args(&c, account);
	text_copy(c.sandbox.metadata, sizeof(c.sandbox.metadata), json);
	assert_ok(store_sandbox_create(s, &c, &out, &e), &e);
	memcpy(id, c.sandbox.id, ID_SIZE);
}

static void
filters_by_state_and_metadata(void **state)
{
	static const struct {
		const char *status, *has;
		int count;
	} cases[] = {
		{"pending", NULL, 3},
		{"pending", "{}", 3},
		{"running", NULL, 0},
		{"destroyed", NULL, 0},
		{"pending", "{\"team\":\"a\"}", 2},
		{"pending", "{\"team\":\"A\"}", 1},
		{"pending", "{\"team\":\"a\",\"n\":\"1\"}", 1},
		{"pending", "{\"team\":\"\"}", 0},
		{"pending", "{\"\\u00e4 \\\"'\":\"%\"}", 1},
	};
	auto_store struct store *s = NULL;
	struct store_account account;
	char id[ID_SIZE];

	(void)state;
	s = live_open("caged-api");
	live_account(&account);
	with_metadata(s, account.id, "{\"team\":\"a\",\"n\":\"1\"}", id);
	with_metadata(s, account.id, "{\"team\":\"a\",\"n\":\"2\"}", id);
	with_metadata(s, account.id,
		      "{\"team\":\"A\",\"\xc3\xa4 \\\"'\":\"%\"}", id);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct store_sandbox_query q = {
			.account = account.id,
			.states = store_states_of(cases[i].status),
			.metadata_has = cases[i].has,
			.limit = 100,
		};
		struct page p = {0};
		struct err e = {0};

		assert_ok(store_sandbox_list(s, &q, take, &p, &e), &e);
		if (p.count != cases[i].count)
			fail_msg("%s %s: %d", cases[i].status, cases[i].has,
				 p.count);
	}
	assert_int_equal(store_states_of("nonsense"), 0);
}

static void
patches_what_is_given(void **state)
{
	auto_store struct store *s = NULL;
	struct store_account account, other;
	struct store_destroy d = {.owner = "t", .actor = "t", .reason = "t"};
	enum store_destroy_outcome outcome;
	struct err e = {0};
	struct sandbox sb;
	int64_t timeout = 0, op_id;
	char id[ID_SIZE];

	(void)state;
	s = live_open("caged-api");
	live_account(&account);
	live_account(&other);
	live_sandbox(s, account.id, id);
	assert_ok(store_sandbox_patch(s, account.id, id,
				      &(struct store_patch){.name = "new"}, &e),
		  &e);
	assert_ok(store_sandbox_patch(
			  s, account.id, id,
			  &(struct store_patch){.timeout_s = &timeout,
						.metadata = "{\"a\":\"b\"}"},
			  &e),
		  &e);
	assert_ok(store_sandbox_get(s, account.id, id, &sb, &e), &e);
	assert_string_equal(sb.name, "new");
	assert_string_equal(sb.metadata, "{\"a\":\"b\"}");
	assert_int_equal(sb.timeout_s, 0);
	assert_int_equal(store_sandbox_patch(s, other.id, id,
					     &(struct store_patch){.name = "x"},
					     &e),
			 -1);
	assert_int_equal(e.code, ERR_SANDBOX_NOT_FOUND);
	d.sandbox = id;
	assert_ok(store_sandbox_begin_destroy(s, &d, &outcome, &op_id, &e), &e);
	assert_int_equal(store_sandbox_patch(s, account.id, id,
					     &(struct store_patch){.name = "x"},
					     &e),
			 -1);
	assert_int_equal(e.code, ERR_SANDBOX_DESTROYED);
}

static int
count_key(void *arg, const struct store_key *k)
{
	(void)k;
	++*(int *)arg;
	return 0;
}

static void
keys_open_and_close(void **state)
{
	uint8_t hash[STORE_KEY_HASH_SIZE];
	auto_store struct store *s = NULL;
	struct store_principal who;
	struct store_account account;
	struct store_key k = {.scope = KEY_SCOPE_sandbox}, back;
	struct err e = {0};
	int count = 0;

	(void)state;
	s = live_open("caged-api");
	live_account(&account);
	random_bytes(hash, sizeof(hash));
	assert_int_equal(store_key_find(s, hash, &who, &e), -1);
	assert_int_equal(e.code, ERR_UNAUTHENTICATED);
	id_make(k.id, ID_KEY);
	memcpy(k.account, account.id, ID_SIZE);
	text_copy(k.prefix, sizeof(k.prefix), "caged_sk_abcde");
	k.expires_us = time_unix_us() + 3600000000;
	assert_ok(store_key_create(s, &k, hash, &e), &e);
	assert_ok(store_key_find(s, hash, &who, &e), &e);
	assert_string_equal(who.account.id, account.id);
	assert_string_equal(who.key, k.id);
	assert_int_equal(who.scope, KEY_SCOPE_sandbox);
	assert_int_equal(who.account.max_sandboxes,
			 live_conf.sandboxes_enterprise);
	assert_false(who.expired);
	assert_ok(store_key_get(s, account.id, k.id, &back, &e), &e);
	assert_true(back.last_used_us > 0);
	assert_int_equal(back.expires_us, k.expires_us);
	assert_ok(store_key_list(s, account.id, 0, 10, count_key, &count, &e),
		  &e);
	assert_int_equal(count, 1);
	assert_ok(store_key_revoke(s, account.id, k.id, &e), &e);
	assert_int_equal(store_key_find(s, hash, &who, &e), -1);
	assert_int_equal(store_key_revoke(s, account.id, k.id, &e), -1);
	assert_int_equal(e.code, ERR_KEY_NOT_FOUND);
}

static void
idempotency_of_other_posts(void **state)
{
	uint8_t hash[32] = {1}, another[32] = {2};
	auto_store struct store *s = NULL;
	struct store_account account;
	struct store_idem_claim c = {.key = "k",
				     .request_hash = hash,
				     .resource = "exec-aaaaaaaaaaaaaaaa",
				     .lease_s = 60};
	struct err problem = {ERR_KEY_NOT_FOUND, "gone", "field"};
	struct store_idem out;
	struct err e = {0};

	(void)state;
	s = live_open("caged-api");
	live_account(&account);
	c.account = account.id;
	assert_ok(store_idem_claim(s, &c, &out, &e), &e);
	assert_int_equal(out.outcome, STORE_IDEM_CLAIMED);
	c.resource = "exec-bbbbbbbbbbbbbbbb";
	assert_ok(store_idem_claim(s, &c, &out, &e), &e);
	assert_int_equal(out.outcome, STORE_IDEM_RUNNING);
	c.request_hash = another;
	assert_ok(store_idem_claim(s, &c, &out, &e), &e);
	assert_int_equal(out.outcome, STORE_IDEM_CONFLICT);
	c.request_hash = hash;
	assert_ok(store_idem_release(s, account.id, "k", &e), &e);
	assert_ok(store_idem_claim(s, &c, &out, &e), &e);
	assert_int_equal(out.outcome, STORE_IDEM_CLAIMED);
	assert_ok(store_idem_finish(s, account.id, "k", 404, &problem, &e), &e);
	assert_ok(store_idem_claim(s, &c, &out, &e), &e);
	assert_int_equal(out.outcome, STORE_IDEM_DONE);
	assert_int_equal(out.status, 404);
	assert_int_equal(out.problem.code, ERR_KEY_NOT_FOUND);
	assert_string_equal(out.problem.msg, "gone");
	assert_string_equal(out.problem.field, "field");
	c.key = "short";
	c.lease_s = 0;
	assert_ok(store_idem_claim(s, &c, &out, &e), &e);
	c.resource = "exec-cccccccccccccccc";
	assert_ok(store_idem_claim(s, &c, &out, &e), &e);
	assert_int_equal(out.outcome, STORE_IDEM_CLAIMED);
	assert_string_equal(out.resource, "exec-cccccccccccccccc");
}

static void
retention_takes_only_the_old(void **state)
{
	auto_store struct store *s = NULL, *keeper = NULL, *admin = NULL;
	struct store_account account;
	char old[ID_SIZE], young[ID_SIZE], sql[300];
	struct err e = {0};
	struct sandbox sb;
	int64_t n;

	(void)state;
	s = live_open("caged-api");
	keeper = live_open("caged-keeper");
	admin = live_open("root");
	live_account(&account);
	live_sandbox(s, account.id, old);
	live_sandbox(s, account.id, young);
	snprintf(sql, sizeof(sql),
		 "UPDATE sandbox SET state = 'destroyed', destroyed_at ="
		 " UTC_TIMESTAMP(6) - INTERVAL IF(id = '%s', 31, 29) DAY"
		 " WHERE account_id = '%s'",
		 old, account.id);
	assert_ok(db_command(admin, sql, &e), &e);
	assert_ok(store_retain_sandbox(keeper, &n, &e), &e);
	assert_int_equal(n, 1);
	assert_int_equal(store_sandbox_get(s, NULL, old, &sb, &e), -1);
	assert_ok(store_sandbox_get(s, NULL, young, &sb, &e), &e);
	assert_ok(store_retain_idempotency(keeper, &n, &e), &e);
	assert_ok(store_retain_exec(keeper, &n, &e), &e);
	assert_ok(store_retain_run(keeper, &n, &e), &e);
	assert_ok(store_retain_partitions(keeper, &n, &e), &e);
	assert_ok(store_retain_partitions(keeper, &n, &e), &e);
	assert_int_equal(n, 0);
}

static void
hosts_beat(void **state)
{
	auto_store struct store *keeper = NULL, *admin = NULL;
	struct err e = {0};
	int64_t age;

	(void)state;
	keeper = live_open("caged-keeper");
	admin = live_open("root");
	assert_int_equal(store_host_age(admin, "nowhere", &age, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_ok(store_host_beat(keeper, "test-host", NULL, &e), &e);
	assert_ok(store_host_beat(keeper, "test-host", NULL, &e), &e);
	assert_ok(store_host_age(admin, "test-host", &age, &e), &e);
	assert_in_range(age, 0, 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_neither_lose_nor_repeat),
		cmocka_unit_test(filters_by_state_and_metadata),
		cmocka_unit_test(patches_what_is_given),
		cmocka_unit_test(keys_open_and_close),
		cmocka_unit_test(idempotency_of_other_posts),
		cmocka_unit_test(retention_takes_only_the_old),
		cmocka_unit_test(hosts_beat),
	};

	return live_run_group(tests);
}
