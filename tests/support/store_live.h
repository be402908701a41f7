/*
 * For tests that need a migrated server whose users take no password. Its
 * socket is in CAGED_TEST_DB_SOCKET; without that the group is skipped.
 * tests/integration/test_store.py starts one and runs them.
 */
#pragma once

#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auto.h"
#include "conf.h"
#include "err.h"
#include "id.h"
#include "store/db.h"
#include "store/store_account.h"
#include "store/store_sandbox_create.h"
#include "text.h"

static struct conf live_conf;

static inline bool
live_have_server(void)
{
	const char *path = getenv("CAGED_TEST_DB_SOCKET");
	struct err e = {0};

	if (!path)
		return false;
	assert_int_equal(conf_load(&live_conf, NULL, &e), 0);
	assert_int_equal(text_copy(live_conf.db_socket,
				   sizeof(live_conf.db_socket), path),
			 0);
	return true;
}

static inline void
live_needs_a_server(void **state)
{
	(void)state;
	print_message("no CAGED_TEST_DB_SOCKET\n");
	skip();
}

/* Runs the group, or says once why not. */
#define live_run_group(tests) \
	(live_have_server() \
		 ? cmocka_run_group_tests(tests, NULL, NULL) \
		 : cmocka_run_group_tests(live_without, NULL, NULL))

static const struct CMUnitTest live_without[] = {
	cmocka_unit_test(live_needs_a_server),
};

static inline void
live_close(struct store **s)
{
	store_close(*s);
}
#define auto_store __attribute__((cleanup(live_close)))

static inline struct store *
live_open(const char *user)
{
	struct err e = {0};
	struct store *s = store_open(&live_conf, user, &e);

	assert_non_null(s);
	return s;
}

/* Fails with the error's words. */
#define assert_ok(rc, e) \
	do { \
		if ((rc) < 0) \
			fail_msg("%s: %s", #rc, (e)->msg); \
	} while (0)

/* A fresh account of the migrator's making. */
static inline void
live_account(struct store_account *out)
{
	auto_store struct store *admin = live_open("root");
	struct err e = {0};

	memset(out, 0, sizeof(*out));
	id_make(out->id, ID_ACCOUNT);
	text_copy(out->name, sizeof(out->name), out->id);
	text_copy(out->plan, sizeof(out->plan), "enterprise");
	assert_ok(store_account_create(admin, out, &e), &e);
}

static inline void
live_create_args(struct store_create *c, const char *account)
{
	*c = (struct store_create){
		.sandbox = {.op_id = 1,
			    .boot = 1,
			    .cpus = 2,
			    .memory_mb = 512,
			    .disk_gb = 5,
			    .timeout_s = 900,
			    .host = "test-host",
			    .template_name = "minimal",
			    .network_mode = "none",
			    .metadata = "{}",
			    .ports = "[]"},
		.owner = "test",
		.lease_s = 60,
		.actor = "test",
	};
	id_make(c->sandbox.id, ID_SANDBOX);
	text_copy(c->sandbox.account, sizeof(c->sandbox.account), account);
}

/* A new sandbox in state creating; its id goes to `id`. */
static inline void
live_sandbox(struct store *s, const char *account, char id[ID_SIZE])
{
	struct store_create_result out;
	struct store_create c;
	struct err e = {0};

	live_create_args(&c, account);
	assert_ok(store_sandbox_create(s, &c, &out, &e), &e);
	assert_int_equal(out.outcome, STORE_CREATED);
	memcpy(id, c.sandbox.id, ID_SIZE);
}
