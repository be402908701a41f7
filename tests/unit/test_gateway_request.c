/* Whole requests over the HTTP socket, the guest played by the test. */
#include "../support/cmocka_all.h"

#include <errno.h>

#include "../support/gateway_rig.h"

#define JSON "Content-Type: application/json\r\n"
#define EXEC_END \
	"{\"exec\":\"" RIG_EXEC "\",\"exit_code\":3,\"cause\":\"exit\"," \
	"\"started_us\":1,\"duration_us\":5000,\"stdout_bytes\":2," \
	"\"stderr_bytes\":1,\"dropped_bytes\":0}"
#define ITEM(path, size) \
	"{\"path\":\"" path "\",\"type\":\"file\",\"size\":" #size \
	",\"mtime_us\":1,\"mode\":420}"

static int
setup(void **state)
{
	*state = rig_new();
	return 0;
}

static int
teardown(void **state)
{
	rig_free(*state);
	return 0;
}

static void
expect(struct rig *r, int status, const char *part)
{
	struct buf b;
	int got = rig_answer(r, r->client, &b, 5000);

	if (got != status || !strstr(buf_str(&b), part))
		fail_msg("wanted %d with %s, got %d: %s", status, part, got,
			 buf_str(&b));
	buf_fini(&b);
}

static uint32_t
guest_asked(struct rig *r, const char *part)
{
	struct frame f;

	if (r->guest < 0)
		assert_true(rig_guest_greet(r));
	assert_true(rig_guest_next(r, &f, 2000));
	assert_int_equal(f.type, FRAME_OPEN);
	if (!memmem(f.payload, f.len, part, strlen(part)))
		fail_msg("no %s in %.*s", part, (int)f.len, f.payload);
	return f.stream;
}

static void
a_grant_is_needed_and_used_once(void **state)
{
	struct rig *r = *state;
	char token[GRANT_TEXT_MAX];
	const char *path = "/v1/sandboxes/" RIG_SANDBOX "/exec/" RIG_EXEC;

	dprintf(r->client, "GET %s HTTP/1.1\r\n\r\n", path);
	expect(r, 401, "unauthenticated");
	rig_grant(r, GRANT_OP_exec_get, "GET", path, token);
	dprintf(r->client, "GET %s HTTP/1.1\r\nX-Caged-Grant: %s\r\n\r\n", path,
		token);
	expect(r, 404, "exec_not_found");
	dprintf(r->client, "GET %s HTTP/1.1\r\nX-Caged-Grant: %s\r\n\r\n", path,
		token);
	expect(r, 401, "used before");
}

static void
a_grant_opens_only_its_operation(void **state)
{
	static const struct {
		enum grant_op op;
		const char *method, *tail;
	} wrong[] = {
		{GRANT_OP_file_read, "GET", "/files"},
		{GRANT_OP_file_list, "GET", "/files/content"},
		{GRANT_OP_file_delete, "GET", "/files"},
		{GRANT_OP_exec, "POST", "/exec/"},
		{GRANT_OP_exec_get, "GET", "/exec/exec-zzzzzzzzzzzzzzzz"},
		{GRANT_OP_create, "POST", "/exec"},
		{GRANT_OP_git_diff, "GET", "/git/diff/x"},
	};
	struct rig *r = *state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		rig_ask(r, r->client, wrong[i].op, wrong[i].method,
			wrong[i].tail, "", NULL);
		expect(r, 401, "another operation");
	}
	assert_int_equal(r->opened, 0);
}

static void
a_refusal_is_passed_on(void **state)
{
	struct rig *r = *state;
	struct grant g = {.op = GRANT_OP_refuse, .retry_after_s = 7};
	char token[GRANT_TEXT_MAX];
	struct err e;

	text_copy(g.host, sizeof(g.host), r->gw.host);
	text_copy(g.method, sizeof(g.method), "PUT");
	text_copy(g.path, sizeof(g.path), "/v1/x");
	err_set(&g.refusal, ERR_RATE_LIMITED, "slow down");
	assert_int_equal(grant_sign(&g, r->gw.grant_key, token, &e), 0);
	/* The body that follows is read and dropped. */
	dprintf(r->client,
		"PUT /v1/x HTTP/1.1\r\nX-Caged-Grant: %s\r\n"
		"Content-Length: 5\r\n\r\nhello",
		token);
	expect(r, 429, "Retry-After: 7");
	rig_ask(r, r->client, GRANT_OP_exec_get, "GET", "/exec/" RIG_EXEC, "",
		NULL);
	expect(r, 404, "exec_not_found");
}

static void
an_exec_is_answered_and_stored(void **state)
{
	struct rig *r = *state;
	struct frame f;
	uint32_t id;

	rig_ask(r, r->client, GRANT_OP_exec, "POST", "/exec", JSON,
		"{\"command\":\"x\",\"stdin\":\"in\",\"timeout\":5}");
	id = guest_asked(r, "\"timeout_ms\":5000");
	assert_true(rig_guest_next(r, &f, 1000));
	assert_int_equal(f.type, FRAME_DATA);
	assert_memory_equal(f.payload, "in", 2);
	assert_true(rig_guest_next(r, &f, 1000));
	assert_int_equal(f.flags, DATA_EOF);
	rig_guest_say(r, id, FRAME_REPLY, "{}");
	rig_guest_send(r, id, FRAME_DATA, DATA_STDOUT, "a", 1);
	rig_guest_send(r, id, FRAME_DATA, DATA_STDERR, "b", 1);
	rig_guest_send(r, id, FRAME_DATA, DATA_STDOUT, "c", 1);
	rig_guest_say(r, id, FRAME_END, EXEC_END);
	expect(r, 200,
	       "{\"output\":\"abc\",\"exit_code\":3,\"stdout\":\"ac\","
	       "\"stderr\":\"b\",\"exec_id\":\"" RIG_EXEC
	       "\",\"duration_ms\":5,\"truncated\":false,"
	       "\"exit_cause\":\"exit\"}");
	/* Until its rows are durable it is known here, then acknowledged. */
	rig_ask(r, r->client, GRANT_OP_exec_get, "GET", "/exec/" RIG_EXEC, "",
		NULL);
	expect(r, 200, "\"status\":\"done\"");
	guest_asked(r, "\"exec_ack\"");
	assert_int_equal(r->ends, 1);
	assert_int_equal(r->gw.execs.count, 0);
}

static void
a_client_that_leaves_ends_nothing(void **state)
{
	struct rig *r = *state;
	uint32_t id;

	rig_ask(r, r->client, GRANT_OP_exec, "POST", "/exec", JSON,
		"{\"command\":\"x\"}");
	id = guest_asked(r, "exec");
	close(r->client);
	r->client = rig_dial(r);
	rig_settle(r, 20);
	assert_int_equal(http_busy(r->gw.http), 0);
	rig_guest_say(r, id, FRAME_REPLY, "{}");
	rig_ask(r, r->client, GRANT_OP_exec_get, "GET", "/exec/" RIG_EXEC, "",
		NULL);
	expect(r, 200, "\"status\":\"running\"");
	rig_guest_say(r, id, FRAME_END, EXEC_END);
	guest_asked(r, "exec_ack");
	assert_int_equal(r->ends, 1);
}

/* The connection breaks: the exec is attached to and read from its start. */
static void
a_broken_channel_is_attached_to_again(void **state)
{
	struct rig *r = *state;
	uint32_t id;

	rig_ask(r, r->client, GRANT_OP_exec, "POST", "/exec", JSON,
		"{\"command\":\"x\"}");
	id = guest_asked(r, "exec");
	rig_guest_say(r, id, FRAME_REPLY, "{}");
	rig_guest_send(r, id, FRAME_DATA, DATA_STDOUT, "abc", 3);
	rig_settle(r, 20);
	close(r->guest);
	r->guest = -1;
	id = guest_asked(r, "exec_attach");
	rig_guest_say(r, id, FRAME_REPLY, "{}");
	rig_guest_send(r, id, FRAME_DATA, DATA_STDOUT, "abcdef", 6);
	rig_guest_say(r, id, FRAME_END, EXEC_END);
	expect(r, 200, "{\"output\":\"abcdef\",");
}

static void
a_dead_vm_ends_its_execs(void **state)
{
	struct rig *r = *state;
	struct err gone;
	uint32_t id;

	rig_ask(r, r->client, GRANT_OP_exec, "POST", "/exec", JSON,
		"{\"command\":\"x\"}");
	id = guest_asked(r, "exec");
	rig_guest_say(r, id, FRAME_REPLY, "{}");
	rig_guest_send(r, id, FRAME_DATA, DATA_STDOUT, "so far", 6);
	rig_settle(r, 5);
	err_set(&gone, ERR_GUEST_GONE, "the VM is exited");
	r->refuse = &gone;
	close(r->guest);
	r->guest = -1;
	expect(r, 503, "\"exit_code\":-1,\"output\":\"so far\"");
	assert_int_equal(r->misbehaved, 0);
}

static void
a_guest_that_misbehaves_fails_its_exec(void **state)
{
	struct rig *r = *state;
	uint32_t id;

	rig_ask(r, r->client, GRANT_OP_exec, "POST", "/exec", JSON,
		"{\"command\":\"x\"}");
	id = guest_asked(r, "exec");
	rig_guest_say(r, id, FRAME_REPLY, "{}");
	rig_guest_send(r, id, FRAME_DATA, DATA_STDOUT, "so far", 6);
	rig_guest_say(r, id, FRAME_END, "{\"exec\":\"\"}");
	expect(r, 502, "\"output\":\"so far\"");
	assert_int_equal(r->misbehaved, 1);
}

static void
a_33rd_exec_is_refused(void **state)
{
	struct rig *r = *state;
	int fd[CHANNEL_EXECS_MAX];
	char token[GRANT_TEXT_MAX];
	const char *path = "/v1/sandboxes/" RIG_SANDBOX "/exec";
	struct grant g = {.op = GRANT_OP_exec, .boot = 1};
	struct err e;

	text_copy(g.host, sizeof(g.host), r->gw.host);
	text_copy(g.sandbox, sizeof(g.sandbox), RIG_SANDBOX);
	text_copy(g.method, sizeof(g.method), "POST");
	text_copy(g.path, sizeof(g.path), path);
	for (int i = 0; i < CHANNEL_EXECS_MAX; i++) {
		id_make(g.exec, ID_EXEC);
		assert_int_equal(grant_sign(&g, r->gw.grant_key, token, &e), 0);
		fd[i] = rig_dial(r);
		dprintf(fd[i],
			"POST %s HTTP/1.1\r\nX-Caged-Grant: %s\r\n"
			"Content-Length: 15\r\n\r\n{\"command\":\"x\"}",
			path, token);
		rig_settle(r, 1);
	}
	rig_ask(r, r->client, GRANT_OP_exec, "POST", "/exec", JSON,
		"{\"command\":\"x\"}");
	expect(r, 429, "too_many_execs");
	for (int i = 0; i < CHANNEL_EXECS_MAX; i++)
		close(fd[i]);
}

static void
a_list_is_made_of_lines(void **state)
{
	static const char first[] = ITEM("/workspace/a", 1) "\n{\"path\":";
	static const char second[] =
		"\"/workspace/"
		"%FF\",\"type\":\"file\",\"size\":2,\"mtime_us\":1,"
		"\"mode\":420}\n";
	struct rig *r = *state;
	uint32_t id;

	rig_ask(r, r->client, GRANT_OP_file_list, "GET",
		"/files?path=%2F&recursive=1", "", NULL);
	id = guest_asked(r, "\"recursive\":true");
	rig_guest_send(r, id, FRAME_DATA, 0, first, sizeof(first) - 1);
	rig_guest_send(r, id, FRAME_DATA, 0, second, sizeof(second) - 1);
	rig_guest_say(r, id, FRAME_END, "{\"truncated\":true}");
	expect(r, 200, "X-Caged-Truncated: true");
	rig_ask(r, r->client, GRANT_OP_file_list, "GET", "/files", "", NULL);
	id = guest_asked(r, "workspace");
	rig_guest_say(r, id, FRAME_END, "{\"truncated\":false}");
	expect(r, 200, "\r\n\r\n[]");
	rig_ask(r, r->client, GRANT_OP_file_list, "GET", "/files", "", NULL);
	id = guest_asked(r, "workspace");
	rig_guest_send(r, id, FRAME_DATA, 0, "{\"path\":1}\n", 11);
	expect(r, 502, "guest_misbehaved");
}

static void
a_file_is_read(void **state)
{
	struct rig *r = *state;
	struct frame f;
	uint32_t id;

	rig_ask(r, r->client, GRANT_OP_file_read, "GET",
		"/files/content?path=a", "Range: bytes=1-2\r\n", NULL);
	id = guest_asked(r, "\"length\":2");
	rig_guest_say(r, id, FRAME_REPLY, ITEM("/workspace/a", 5));
	rig_guest_send(r, id, FRAME_DATA, 0, "el", 2);
	rig_guest_say(r, id, FRAME_END, "{}");
	expect(r, 206, "Content-Range: bytes 1-2/5");
	rig_ask(r, r->client, GRANT_OP_file_read, "GET",
		"/files/content?path=a", "If-None-Match: \"1-5\"\r\n", NULL);
	id = guest_asked(r, "file_read");
	rig_guest_say(r, id, FRAME_REPLY, ITEM("/workspace/a", 5));
	expect(r, 304, "ETag: \"1-5\"");
	assert_true(rig_guest_next(r, &f, 500));
	assert_int_equal(f.type, FRAME_RESET);
	rig_ask(r, r->client, GRANT_OP_file_read, "GET",
		"/files/content?path=a", "Accept: application/json\r\n", NULL);
	id = guest_asked(r, "file_read");
	rig_guest_say(r, id, FRAME_REPLY, ITEM("/workspace/a", 2));
	rig_guest_send(r, id, FRAME_DATA, 0, "\377x", 2);
	rig_guest_say(r, id, FRAME_END, "{}");
	expect(r, 200, "\"encoding\":\"base64\",\"content\":\"/3g=\"");
}

/* Neither more nor fewer bytes than announced reach a client as whole. */
static void
a_file_that_changes_while_it_is_read_is_cut(void **state)
{
	struct rig *r = *state;
	struct buf b;
	uint32_t id;

	rig_ask(r, r->client, GRANT_OP_file_read, "GET",
		"/files/content?path=a", "", NULL);
	id = guest_asked(r, "file_read");
	rig_guest_say(r, id, FRAME_REPLY, ITEM("/workspace/a", 5));
	rig_guest_send(r, id, FRAME_DATA, 0, "abc", 3);
	rig_guest_say(r, id, FRAME_END, "{}");
	assert_int_equal(rig_answer(r, r->client, &b, 1000), -1);
	assert_non_null(strstr(buf_str(&b), "Content-Length: 5"));
	buf_fini(&b);
	close(r->client);
	r->client = rig_dial(r);
	rig_ask(r, r->client, GRANT_OP_file_read, "GET",
		"/files/content?path=a", "", NULL);
	id = guest_asked(r, "file_read");
	rig_guest_say(r, id, FRAME_REPLY, ITEM("/workspace/a", 2));
	rig_guest_send(r, id, FRAME_DATA, 0, "abc", 3);
	expect(r, 502, "guest_misbehaved");
}

static size_t
take_upload(struct rig *r, uint32_t *out_id, bool *out_eof)
{
	struct frame f;
	size_t n = 0;

	*out_eof = false;
	while (!*out_eof && rig_guest_next(r, &f, 10)) {
		assert_int_equal(f.type, FRAME_DATA);
		*out_id = f.stream;
		n += f.len;
		*out_eof = f.flags & DATA_EOF;
	}
	return n;
}

/* Writes what the socket takes of `left` bytes; how many. */
static size_t
feed_upload(struct rig *r, size_t left)
{
	static const char block[65536];
	ssize_t n = write(r->client, block,
			  left < sizeof(block) ? left : sizeof(block));

	rig_step(r);
	return n > 0 ? (size_t)n : 0;
}

/* The guest's credit stops the client; nothing is held beyond a window. */
static void
an_upload_goes_at_the_guests_pace(void **state)
{
	struct rig *r = *state;
	char token[GRANT_TEXT_MAX];
	const char *path = "/v1/sandboxes/" RIG_SANDBOX "/files/content";
	const size_t total = 40 * 65536;
	size_t sent = 0, got;
	uint8_t credit[4] = {1, 0, 0, 0};
	uint32_t id = 0;
	bool eof;

	rig_grant(r, GRANT_OP_file_write, "PUT", path, token);
	dprintf(r->client,
		"PUT %s?path=a HTTP/1.1\r\nX-Caged-Grant: %s\r\n"
		"Content-Length: %zu\r\n\r\n",
		path, token, total);
	id = guest_asked(r, "file_write");
	for (int i = 0; i < 400; i++)
		sent += feed_upload(r, total - sent);
	assert_true(sent < total);
	got = take_upload(r, &id, &eof);
	assert_int_equal(got, CHANNEL_WINDOW);
	assert_false(eof);
	rig_guest_send(r, id, FRAME_CREDIT, 0, credit, sizeof(credit));
	while (sent < total) {
		sent += feed_upload(r, total - sent);
		got += take_upload(r, &id, &eof);
	}
	while (!eof)
		got += take_upload(r, &id, &eof);
	assert_int_equal(got, total);
	rig_guest_say(r, id, FRAME_END, ITEM("/workspace/a", 2621440));
	expect(r, 200,
	       "{\"status\":\"ok\",\"path\":\"/workspace/a\","
	       "\"size\":2621440}");
}

static void
json_bodies_become_files(void **state)
{
	static const struct {
		const char *tail, *body, *bytes;
	} cases[] = {
		{"/files",
		 "{\"path\":\"a\",\"content\":\"YWI=\","
		 "\"encoding\":\"base64\"}",
		 "ab"},
		{"/files/content", "{\"path\":\"a\",\"content\":\"ab\"}", "ab"},
		{"/files/content?path=b", "{\"content\":\"ab\"}", "ab"},
		/* Not ours: the file itself. */
		{"/files/content?path=b", "{\"a\":1}", "{\"a\":1}"},
		{"/files/content?path=b", "{", "{"},
	};
	struct rig *r = *state;
	struct frame f;
	uint32_t id;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rig_ask(r, r->client, GRANT_OP_file_write, "PUT", cases[i].tail,
			JSON, cases[i].body);
		id = guest_asked(r, "file_write");
		assert_true(rig_guest_next(r, &f, 1000));
		assert_int_equal(f.len, strlen(cases[i].bytes));
		assert_memory_equal(f.payload, cases[i].bytes, f.len);
		assert_true(rig_guest_next(r, &f, 1000));
		assert_int_equal(f.flags, DATA_EOF);
		rig_guest_say(r, id, FRAME_END, ITEM("/workspace/a", 2));
		expect(r, 200, "\"status\":\"ok\"");
	}
	rig_ask(r, r->client, GRANT_OP_file_write, "PUT", "/files", JSON,
		"{\"path\":\"a\"}");
	expect(r, 400, "\"field\":\"content\"");
}

static void
a_diff_has_two_parts(void **state)
{
	struct rig *r = *state;
	uint32_t id;

	rig_ask(r, r->client, GRANT_OP_git_diff, "GET", "/git/diff", "", NULL);
	id = guest_asked(r, "git_diff");
	rig_guest_send(r, id, FRAME_DATA, DATA_EOF, "staged", 6);
	rig_guest_send(r, id, FRAME_DATA, 0, "un", 2);
	rig_guest_send(r, id, FRAME_DATA, DATA_EOF, "staged", 6);
	rig_guest_say(r, id, FRAME_END,
		      "{\"files\":[{\"path\":\"a\",\"status\":\"added\"}],"
		      "\"truncated\":false}");
	expect(r, 200, "\"diff\":\"unstaged\",\"staged_diff\":\"staged\"");
	rig_ask(r, r->client, GRANT_OP_git_diff, "GET", "/git/diff", "", NULL);
	id = guest_asked(r, "git_diff");
	rig_guest_say(r, id, FRAME_END, "{\"files\":[],\"truncated\":false}");
	expect(r, 502, "guest_misbehaved");
}

static void
edits_are_one_record(void **state)
{
	struct rig *r = *state;
	uint32_t id;

	rig_ask(r, r->client, GRANT_OP_file_mkdir, "POST", "/files/mkdir", JSON,
		"{\"path\":\"d e\",\"mode\":\"0700\"}");
	id = guest_asked(r, "\"path\":\"d%20e\"");
	rig_guest_say(r, id, FRAME_END, ITEM("/workspace/d%20e", 4096));
	expect(r, 200, "\"path\":\"/workspace/d e\"");
	rig_ask(r, r->client, GRANT_OP_file_move, "POST", "/files/move", JSON,
		"{\"from\":\"a\",\"to\":\"b\",\"overwrite\":false}");
	id = guest_asked(r, "\"overwrite\":false");
	rig_guest_say(r, id, FRAME_ERROR,
		      "{\"code\":\"file_conflict\",\"message\":\"there\"}");
	expect(r, 409, "file_conflict");
	rig_ask(r, r->client, GRANT_OP_file_delete, "DELETE", "/files?path=b",
		"", NULL);
	id = guest_asked(r, "file_delete");
	rig_guest_say(r, id, FRAME_END, "{}");
	expect(r, 204, "HTTP/1.1 204 No Content");
	/* A guest may not say what only we may. */
	rig_ask(r, r->client, GRANT_OP_file_delete, "DELETE", "/files?path=b",
		"", NULL);
	id = guest_asked(r, "file_delete");
	rig_guest_say(r, id, FRAME_ERROR,
		      "{\"code\":\"rate_limited\",\"message\":\"\"}");
	expect(r, 502, "guest_misbehaved");
}

static void
bad_requests_open_nothing(void **state)
{
	static const struct {
		enum grant_op op;
		const char *method, *tail, *body, *part;
	} bad[] = {
		{GRANT_OP_exec, "POST", "/exec", "{", "invalid_request"},
		{GRANT_OP_exec, "POST", "/exec", "{}", "\"field\":\"command\""},
		{GRANT_OP_file_list, "GET", "/files?x=1", NULL, "x"},
		{GRANT_OP_file_list, "GET", "/files?path=%zz", NULL, "path"},
		{GRANT_OP_file_list, "GET", "/files?limit=0", NULL, "limit"},
		{GRANT_OP_file_read, "GET", "/files/content", NULL, "path"},
		{GRANT_OP_file_delete, "DELETE", "/files", NULL, "path"},
		{GRANT_OP_file_write, "PUT", "/files/content?path=a&mode=9", "",
		 "mode"},
	};
	struct rig *r = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		rig_ask(r, r->client, bad[i].op, bad[i].method, bad[i].tail, "",
			bad[i].body);
		expect(r, 400, bad[i].part);
	}
	assert_int_equal(r->opened, 0);
}

int
main(void)
{
#define RIG_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		RIG_TEST(a_grant_is_needed_and_used_once),
		RIG_TEST(a_grant_opens_only_its_operation),
		RIG_TEST(a_refusal_is_passed_on),
		RIG_TEST(an_exec_is_answered_and_stored),
		RIG_TEST(a_client_that_leaves_ends_nothing),
		RIG_TEST(a_broken_channel_is_attached_to_again),
		RIG_TEST(a_dead_vm_ends_its_execs),
		RIG_TEST(a_guest_that_misbehaves_fails_its_exec),
		RIG_TEST(a_33rd_exec_is_refused),
		RIG_TEST(a_list_is_made_of_lines),
		RIG_TEST(a_file_is_read),
		RIG_TEST(a_file_that_changes_while_it_is_read_is_cut),
		RIG_TEST(an_upload_goes_at_the_guests_pace),
		RIG_TEST(json_bodies_become_files),
		RIG_TEST(a_diff_has_two_parts),
		RIG_TEST(edits_are_one_record),
		RIG_TEST(bad_requests_open_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
