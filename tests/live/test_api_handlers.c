/* The handlers: what a caller is told, what is in the rows, what vmctl is asked. */
#include "../support/api_fixture.h"

static void
a_create_is_handed_over(void **state)
{
	static const struct vmctl_step steps[] = {{.reply = VM}};
	auto_store struct store *gateway = live_open("caged-gateway");
	auto_buf struct buf sealed = {0};
	auto_buf struct buf plain = {0};
	struct err e = {0};
	struct fixture f;
	struct grant g;

	(void)state;
	start(&f, steps, 1);
	assert_int_equal(ASK(&f, "POST", "/v1/sandboxes", .body = BODY), 200);
	assert_string_equal(header(&f, "X-Accel-Redirect"), "@gw_create");
	g = grant_of(&f, "POST", "/v1/sandboxes");
	assert_int_equal(g.op, GRANT_OP_create);
	assert_int_equal(g.boot, 1);
	assert_int_equal(row(&f, g.sandbox).state, SANDBOX_creating);
	assert_non_null(strstr(f.vmctl.last, g.sandbox));
	assert_null(strstr(f.vmctl.last, "secret"));
	buf_init(&sealed, 4096);
	buf_init(&plain, 4096);
	/* Workers write plans and may not read them. */
	assert_int_equal(store_plan_get(f.api.store, g.sandbox, &sealed, &e),
			 -1);
	assert_ok(store_plan_get(gateway, g.sandbox, &sealed, &e), &e);
	assert_ok(plan_crypt_open(f.api.plan_key, g.sandbox, sealed.data,
				  sealed.len, &plain, &e),
		  &e);
	assert_string_equal(buf_str(&plain),
			    "{\"plan\":{},\"env\":{\"A\":\"secret\"}}");
	end(&f);
}

static void
a_refused_create_leaves_nothing(void **state)
{
	static const struct vmctl_step steps[] = {
		{.reply = REFUSED("template_not_found")}, {.reply = OK}};
	struct fixture f;
	struct sandbox s;
	const char *id;

	(void)state;
	start(&f, steps, 2);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ASK(&f, "POST", "/v1/sandboxes", .body = BODY,
				     .idem = "k"),
				 404);
		assert_string_equal(code_of(&f), "template_not_found");
		assert_int_equal(f.vmctl.done, 2);
	}
	assert_int_equal(
		ASK(&f, "POST", "/v1/sandboxes", .body = "{}", .idem = "k"),
		400);
	assert_int_equal(ASK(&f, "POST", "/v1/sandboxes",
			     .body = "{\"template\":\"minimal\"}", .idem = "k"),
			 409);
	assert_string_equal(code_of(&f), "idempotency_conflict");
	assert_int_equal(
		ASK(&f, "GET", "/v1/sandboxes", .query = "include=destroyed"),
		200);
	assert_int_equal(json_array_size(f.body), 1);
	json_unpack(json_array_get(f.body, 0), "{s:s}", "id", &id);
	s = row(&f, id);
	assert_int_equal(s.state, SANDBOX_destroyed);
	assert_int_equal(s.op_id, 2);
	end(&f);
}

/* Whether the VM was made is unknown and it cannot be removed now: the row says
 * so, and a DELETE finishes it. */
static void
a_lost_create_can_be_destroyed(void **state)
{
	static const struct vmctl_step steps[] = {
		{.close = true}, {.close = true}, {.reply = OK}};
	struct fixture f;
	char path[128];
	const char *id = NULL;

	(void)state;
	start(&f, steps, 3);
	assert_int_equal(ASK(&f, "POST", "/v1/sandboxes", .body = BODY), 503);
	assert_string_equal(code_of(&f), "vmctl_unavailable");
	assert_string_not_equal(header(&f, "Retry-After"), "");
	json_unpack(f.body, "{s:{s:s}}", "reason", "subject_id", &id);
	path_of(id, "", path);
	assert_int_equal(row(&f, strrchr(path, '/') + 1).state,
			 SANDBOX_destroying);
	assert_int_equal(ASK(&f, "DELETE", path), 204);
	assert_int_equal(row(&f, strrchr(path, '/') + 1).state,
			 SANDBOX_destroyed);
	end(&f);
}

static void
a_key_is_free_after_a_passing_failure(void **state)
{
	static const struct vmctl_step steps[] = {
		{.reply = REFUSED("sandbox_capacity")},
		{.reply = OK},
		{.reply = VM}};
	struct fixture f;

	(void)state;
	start(&f, steps, 3);
	assert_int_equal(
		ASK(&f, "POST", "/v1/sandboxes", .body = BODY, .idem = "k"),
		503);
	assert_int_equal(
		ASK(&f, "POST", "/v1/sandboxes", .body = BODY, .idem = "k"),
		503);
	assert_string_equal(code_of(&f), "sandbox_capacity");
	assert_int_equal(f.vmctl.done, 2);
	assert_int_equal(
		ASK(&f, "POST", "/v1/sandboxes", .body = BODY, .idem = "k"),
		200);
	assert_string_equal(header(&f, "X-Accel-Redirect"), "@gw_create");
	assert_int_equal(
		ASK(&f, "POST", "/v1/sandboxes", .body = BODY, .idem = "k"),
		409);
	assert_string_equal(code_of(&f), "idempotency_running");
	end(&f);
}

static void
destroying_twice_is_fine(void **state)
{
	static const struct vmctl_step steps[] = {{.reply = OK}};
	struct fixture f;
	char id[ID_SIZE], path[128], exec[128];

	(void)state;
	start(&f, steps, 1);
	running(&f, id);
	path_of(id, "", path);
	path_of(id, "/exec", exec);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ASK(&f, "DELETE", path), 204);
		assert_int_equal(f.vmctl.done, 1);
	}
	assert_non_null(strstr(f.vmctl.last, "\"op_id\":2"));
	assert_int_equal(ASK(&f, "GET", path), 200);
	assert_int_equal(ASK(&f, "POST", exec, .body = "{\"command\":\"x\"}"),
			 410);
	assert_int_equal(
		json_integer_value(json_object_get(f.body, "exit_code")), -1);
	assert_int_equal(ASK(&f, "PATCH", path, .body = "{\"name\":\"n\"}"),
			 410);
	end(&f);
}

/* The answer without what names the sandbox asked for. */
static char *
anonymous(const struct fixture *f, const char *id)
{
	char *text = json_dumps(f->body, JSON_COMPACT | JSON_SORT_KEYS);
	char *at;

	while ((at = strstr(text, id)))
		memset(at, '#', strlen(id));
	if ((at = strstr(text, "exec-")))
		memset(at, '#', ID_RANDOM_LEN + 5);
	if ((at = strstr(text, "exec-")))
		memset(at, '#', ID_RANDOM_LEN + 5);
	return text;
}

static void
others_sandboxes_never_were(void **state)
{
	static const struct {
		const char *method, *tail, *body;
	} routes[] = {
		{"GET", "", NULL},
		{"PATCH", "", "{\"name\":\"n\"}"},
		{"DELETE", "", NULL},
		{"GET", "/logs", NULL},
		{"POST", "/exec", "{\"command\":\"x\"}"},
		{"GET", "/exec/exec-0123456789abcdef", NULL},
		{"GET", "/files", NULL},
		{"POST", "/files/mkdir", "{\"path\":\"x\"}"},
	};
	static const char nobody[] = "cage-zzzzzzzzzzzzzzzz";
	char id[ID_SIZE], theirs[128], never[128];
	struct fixture f, other;

	(void)state;
	start(&f, NULL, 0);
	start(&other, NULL, 0);
	running(&f, id);
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		auto_free char *one = NULL;
		auto_free char *two = NULL;

		path_of(id, routes[i].tail, theirs);
		path_of(nobody, routes[i].tail, never);
		assert_int_equal(ASK(&other, routes[i].method, theirs,
				     .body = routes[i].body),
				 404);
		one = anonymous(&other, id);
		assert_int_equal(ASK(&other, routes[i].method, never,
				     .body = routes[i].body),
				 404);
		two = anonymous(&other, nobody);
		assert_string_equal(one, two);
	}
	assert_int_equal(row(&f, id).state, SANDBOX_running);
	end(&other);
	end(&f);
}

static void
uploads_are_granted(void **state)
{
	struct fixture f;
	char id[ID_SIZE], path[128];
	struct grant g;

	(void)state;
	start(&f, NULL, 0);
	running(&f, id);
	path_of(id, "/files/content", path);
	assert_int_equal(ASK(&f, "GET", "/internal/authorize",
			     .for_method = "PUT", .for_path = path),
			 204);
	g = grant_of(&f, "PUT", path);
	assert_int_equal(g.op, GRANT_OP_file_write);
	assert_string_equal(g.sandbox, id);
	live_sandbox(f.api.store, f.account.id, id);
	path_of(id, "/files/content", path);
	assert_int_equal(ASK(&f, "GET", "/internal/authorize",
			     .for_method = "PUT", .for_path = path),
			 204);
	g = grant_of(&f, "PUT", path);
	assert_int_equal(g.op, GRANT_OP_refuse);
	assert_int_equal(g.refusal.code, ERR_SANDBOX_NOT_RUNNING);
	end(&f);
}

static void
a_command_starts_once(void **state)
{
	struct fixture f;
	char id[ID_SIZE], path[128], exec[ID_SIZE];

	(void)state;
	start(&f, NULL, 0);
	running(&f, id);
	path_of(id, "/exec", path);
	assert_int_equal(
		ASK(&f, "POST", path, .body = "{\"command\":1}", .idem = "k"),
		400);
	assert_int_equal(ASK(&f, "POST", path, .body = "{\"command\":\"x\"}",
			     .idem = "k"),
			 200);
	assert_string_equal(header(&f, "X-Accel-Redirect"), "@gw_exec");
	strcpy(exec, grant_of(&f, "POST", path).exec);
	assert_string_equal(header(&f, "X-Exec-Id"), exec);
	assert_int_equal(ASK(&f, "POST", path, .body = "{\"command\":\"x\"}",
			     .idem = "k"),
			 409);
	assert_string_equal(code_of(&f), "idempotency_running");
	assert_string_equal(header(&f, "X-Exec-Id"), exec);
	assert_int_equal(ASK(&f, "POST", path, .body = "{\"command\":\"y\"}",
			     .idem = "k"),
			 409);
	assert_string_equal(code_of(&f), "idempotency_conflict");
	end(&f);
}

static void
keys_live_and_die(void **state)
{
	char secret[API_KEY_TEXT_SIZE], path[128];
	const char *text, *id;
	struct fixture f;

	(void)state;
	start(&f, NULL, 0);
	assert_int_equal(ASK(&f, "POST", "/v1/account/keys",
			     .body = "{\"name\":\"n\",\"scope\":\"read\"}"),
			 201);
	assert_int_equal(json_unpack(f.body, "{s:s, s:{s:s}}", "key", &text,
				     "info", "id", &id),
			 0);
	strcpy(secret, text);
	snprintf(path, sizeof(path), "/v1/account/keys/%s", id);
	assert_int_equal(ASK(&f, "GET", "/v1/account/keys"), 200);
	assert_int_equal(json_array_size(f.body), 2);
	assert_null(strstr(buf_str(&f.resp.body), secret));
	assert_int_equal(ASK(&f, "GET", "/v1/sandboxes", .key = secret), 200);
	assert_int_equal(
		ASK(&f, "POST", "/v1/sandboxes", .body = BODY, .key = secret),
		403);
	assert_int_equal(ASK(&f, "GET", "/v1/account/keys", .key = secret),
			 403);
	assert_int_equal(ASK(&f, "DELETE", path), 204);
	assert_int_equal(ASK(&f, "DELETE", path), 404);
	assert_int_equal(ASK(&f, "GET", "/v1/sandboxes", .key = secret), 401);
	end(&f);
}

static void
pages_do_not_overlap(void **state)
{
	char ids[3][ID_SIZE], query[64];
	struct fixture f;
	const char *id;

	(void)state;
	start(&f, NULL, 0);
	for (int i = 0; i < 3; i++)
		live_sandbox(f.api.store, f.account.id, ids[i]);
	assert_int_equal(ASK(&f, "GET", "/v1/sandboxes", .query = "limit=2"),
			 200);
	assert_int_equal(json_array_size(f.body), 2);
	json_unpack(json_array_get(f.body, 0), "{s:s}", "id", &id);
	assert_string_equal(id, ids[2]);
	snprintf(query, sizeof(query), "limit=2&cursor=%.32s",
		 header(&f, "X-Next-Cursor"));
	assert_non_null(strstr(header(&f, "Link"), "; rel=\"next\""));
	assert_non_null(strstr(header(&f, "Link"), query));
	assert_int_equal(ASK(&f, "GET", "/v1/sandboxes", .query = query), 200);
	assert_int_equal(json_array_size(f.body), 1);
	json_unpack(json_array_get(f.body, 0), "{s:s}", "id", &id);
	assert_string_equal(id, ids[0]);
	assert_string_equal(header(&f, "Link"), "");
	end(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_create_is_handed_over),
		cmocka_unit_test(a_refused_create_leaves_nothing),
		cmocka_unit_test(a_lost_create_can_be_destroyed),
		cmocka_unit_test(a_key_is_free_after_a_passing_failure),
		cmocka_unit_test(destroying_twice_is_fine),
		cmocka_unit_test(others_sandboxes_never_were),
		cmocka_unit_test(uploads_are_granted),
		cmocka_unit_test(a_command_starts_once),
		cmocka_unit_test(keys_live_and_die),
		cmocka_unit_test(pages_do_not_overlap),
	};

	return live_run_group(tests);
}
