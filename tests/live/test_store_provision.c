/* Creates that take long: their lease, and what their steps gave. */
#include "../support/store_live.h"

#include "store/store_sandbox.h"
#include "store/store_sandbox_move.h"
#include "store/store_sandbox_provision.h"

#define STEPS "[{\"step\":\"repo\",\"exit_code\":0}]"

struct found {
	const char *id;
	bool lease_over;
};

static int
look(void *arg, const struct store_host_row *row)
{
	struct found *f = arg;

	if (strcmp(row->sandbox.id, f->id) == 0)
		f->lease_over = row->lease_over;
	return 0;
}

static bool
lease_over(struct store *s, const char *host, const char *id)
{
	struct found f = {.id = id};
	struct err e = {0};

	assert_ok(store_sandbox_host_rows(s, host, 0, 100, look, &f, &e), &e);
	return f.lease_over;
}

/* A sandbox of a host of its own, whose lease ends at once. */
static void
make(struct store *s, const char *account, struct store_create *c)
{
	struct store_create_result out;
	struct err e = {0};

	live_create_args(c, account);
	c->lease_s = -5;
	text_copy(c->sandbox.host, sizeof(c->sandbox.host), c->sandbox.id);
	text_copy(c->sandbox.repo_url, sizeof(c->sandbox.repo_url),
		  "https://h/r");
	text_copy(c->sandbox.init_script, sizeof(c->sandbox.init_script),
		  "echo \xc3\xa4");
	assert_ok(store_sandbox_create(s, c, &out, &e), &e);
}

static void
a_lease_moves_on_while_it_is_created(void **state)
{
	auto_store struct store *api = live_open("caged-api");
	auto_store struct store *gateway = live_open("caged-gateway");
	struct store_account account;
	struct store_create c;
	struct store_renew renew;
	struct err e = {0};

	(void)state;
	live_account(&account);
	make(api, account.id, &c);
	renew = (struct store_renew){c.sandbox.id, 2};
	assert_true(lease_over(gateway, c.sandbox.host, c.sandbox.id));
	assert_ok(store_sandbox_renew(gateway, &renew, 1, "g", 60, &e), &e);
	assert_true(lease_over(gateway, c.sandbox.host, c.sandbox.id));
	renew.op_id = 1;
	assert_ok(store_sandbox_renew(gateway, &renew, 1, "g", 60, &e), &e);
	assert_false(lease_over(gateway, c.sandbox.host, c.sandbox.id));
}

static void
steps_are_kept_with_the_row(void **state)
{
	auto_store struct store *api = live_open("caged-api");
	auto_store struct store *gateway = live_open("caged-gateway");
	struct store_move m = {NULL, 1, SANDBOX_creating, SANDBOX_running, "t",
			       "t",  ""};
	enum store_move_outcome outcome;
	struct store_account account;
	struct store_create c;
	struct sandbox row;
	struct err e = {0};

	(void)state;
	live_account(&account);
	make(api, account.id, &c);
	m.sandbox = c.sandbox.id;
	assert_ok(store_sandbox_provision(gateway, m.sandbox, 1, STEPS, &e),
		  &e);
	assert_ok(store_sandbox_move(gateway, &m, &outcome, &row, &e), &e);
	assert_string_equal(row.provision, STEPS);
	assert_string_equal(row.repo_url, "https://h/r");
	assert_string_equal(row.init_script, "echo \xc3\xa4");
	/* A create that is over keeps what it has. */
	assert_ok(store_sandbox_provision(gateway, m.sandbox, 1, "[]", &e), &e);
	assert_ok(store_sandbox_get(gateway, NULL, m.sandbox, &row, &e), &e);
	assert_string_equal(row.provision, STEPS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lease_moves_on_while_it_is_created),
		cmocka_unit_test(steps_are_kept_with_the_row),
	};

	return live_run_group(tests);
}
