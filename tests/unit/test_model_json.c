/* How sandboxes, results, files, keys and problems are shown. */
#include "../support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "channel.h"
#include "err.h"
#include "model/account_json.h"
#include "model/api_key.h"
#include "model/exec_clip.h"
#include "model/exec_json.h"
#include "model/file_json.h"
#include "model/problem.h"
#include "model/sandbox.h"

/* Keeps what it shows until the next call. */
static const char *
text_of(json_t *j)
{
	static char *text;

	free(text);
	text = json_dumps(j, JSON_COMPACT);
	json_decref(j);
	assert_non_null(text);
	return text;
}

static void
has_keys(const json_t *o, const char *const *keys)
{
	for (; *keys; keys++)
		assert_non_null(json_object_get(o, *keys));
}

static struct sandbox
sample_sandbox(void)
{
	return (struct sandbox){.id = "cage-0123456789abcdef",
				.account = "acct-secretsecretsecr",
				.host = "host-a",
				.state = SANDBOX_running,
				.template_name = "minimal",
				.cpus = 2,
				.memory_mb = 512,
				.disk_gb = 5,
				.network_mode = "none",
				.name = "n",
				.metadata = "{\"id\":\"x\",\"k\":\"v\"}",
				.ports = "[3000]",
				.timeout_s = 900,
				.created_us = 1780912800000000,
				.started_us = 1780912801000000};
}

static void
sandbox_has_every_field(void **state)
{
	static const char *const keys[] = {"id",
					   "status",
					   "template",
					   "ip",
					   "cpus",
					   "memory_mb",
					   "disk_gb",
					   "network_mode",
					   "allowlist",
					   "repo_url",
					   "budget",
					   "budget_usd",
					   "init_script",
					   "timeout",
					   "name",
					   "metadata",
					   "created_at",
					   "started_at",
					   "stopped_at",
					   "expires_at",
					   "cost",
					   "llm_cost",
					   "total_cost",
					   "spent_usd",
					   "pause_reason",
					   "provision",
					   "host",
					   "ports",
					   NULL};
	struct sandbox s = sample_sandbox();
	auto_json json_t *o = sandbox_json(&s);

	(void)state;
	has_keys(o, keys);
	assert_string_equal(json_string_value(json_object_get(o, "status")),
			    "running");
	assert_string_equal(json_string_value(json_object_get(o, "created_at")),
			    "2026-06-08T10:00:00Z");
	assert_true(json_is_null(json_object_get(o, "stopped_at")));
	assert_null(json_object_get(o, "error"));
	assert_null(json_object_get(o, "account"));
}

static void
sandbox_says_that_it_is_paused(void **state)
{
	struct sandbox s = sample_sandbox();
	auto_json json_t *o = NULL;
	const char *status = NULL, *why = NULL, *end = NULL;

	(void)state;
	s.state = SANDBOX_paused;
	s.expires_us = s.created_us;
	strcpy(s.pause_reason, "user");
	o = sandbox_json(&s);
	assert_int_equal(json_unpack(o, "{s:s, s:s, s:s}", "status", &status,
				     "pause_reason", &why, "expires_at", &end),
			 0);
	assert_string_equal(status, "paused");
	assert_string_equal(why, "user");
	assert_string_equal(end, "2026-06-08T10:00:00Z");
}

static void
sandbox_says_why_it_failed(void **state)
{
	struct sandbox s = sample_sandbox();
	auto_json json_t *o = NULL;
	const char *code = NULL;

	(void)state;
	s.state = SANDBOX_error;
	strcpy(s.error_code, "vmm_exited");
	strcpy(s.error_message, "signal 9");
	o = sandbox_json(&s);
	assert_int_equal(json_unpack(o, "{s:{s:s}}", "error", "code", &code),
			 0);
	assert_string_equal(code, "vmm_exited");
}

static int
count_of(const char *text, const char *what)
{
	int n = 0;

	while ((text = strstr(text, what))) {
		n++;
		text += strlen(what);
	}
	return n;
}

/* The readers of aliases look for the last "id":" in the text. */
static void
alias_answers_have_one_id(void **state)
{
	struct sandbox s = sample_sandbox();
	json_t *o = sandbox_json(&s);
	const char *text;

	(void)state;
	sandbox_json_one_id(o);
	text = text_of(o);
	assert_int_equal(count_of(text, "\"id\":"), 1);
	assert_int_equal(count_of(text, "\"k\":\"v\""), 1);
}

static void
broken_stored_json_reads_as_empty(void **state)
{
	struct sandbox s = sample_sandbox();
	auto_json json_t *o = NULL;

	(void)state;
	strcpy(s.metadata, "{broken");
	strcpy(s.ports, "");
	o = sandbox_json(&s);
	assert_int_equal(json_object_size(json_object_get(o, "metadata")), 0);
	assert_true(json_is_array(json_object_get(o, "ports")));
}

static struct exec_view
sample_exec(void)
{
	return (struct exec_view){.id = "exec-0123456789abcdef",
				  .status = "done",
				  .command = "echo hi",
				  .exit_code = 3,
				  .cause = "exit",
				  .started_us = 1780912800000000,
				  .ended_us = 1780912801500000,
				  .duration_us = 1500999,
				  .output = {"hi\nno\n", 6},
				  .out = {"hi\n", 3},
				  .err = {"no\n", 3}};
}

static void
exec_result_is_exact(void **state)
{
	struct exec_view v = sample_exec();

	(void)state;
	assert_string_equal(
		text_of(exec_json_result(&v)),
		"{\"output\":\"hi\\nno\\n\",\"exit_code\":3,\"stdout\":"
		"\"hi\\n\",\"stderr\":\"no\\n\",\"exec_id\":"
		"\"exec-0123456789abcdef\",\"duration_ms\":1501,"
		"\"truncated\":false,\"exit_cause\":\"exit\"}");
}

static void
exec_row_adds_its_own(void **state)
{
	static const char *const keys[] = {"id",	 "status",   "command",
					   "started_at", "ended_at", "output",
					   "exit_code",	 NULL};
	struct exec_view v = sample_exec();
	auto_json json_t *done = exec_json_row(&v);
	auto_json json_t *running = NULL;
	auto_json json_t *lost = NULL;

	(void)state;
	has_keys(done, keys);
	assert_string_equal(
		json_string_value(json_object_get(done, "ended_at")),
		"2026-06-08T10:00:01Z");
	v.status = "running";
	v.cause = "";
	v.ended_us = 0;
	running = exec_json_row(&v);
	assert_true(json_is_null(json_object_get(running, "exit_code")));
	assert_true(json_is_null(json_object_get(running, "exit_cause")));
	v.status = "lost";
	v.ended_us = 1;
	v.error = "the sandbox was destroyed";
	lost = exec_json_row(&v);
	assert_int_equal(json_integer_value(json_object_get(lost, "exit_code")),
			 -1);
	assert_non_null(json_object_get(lost, "error"));
}

static void
exec_output_may_be_binary(void **state)
{
	struct exec_view v = sample_exec();
	auto_json json_t *o = NULL;

	(void)state;
	v.output = (struct exec_bytes){"a\0\xff", 3};
	o = exec_json_result(&v);
	assert_string_equal(json_string_value(json_object_get(o, "encoding")),
			    "lossy");
	assert_string_equal(
		json_string_value(json_object_get(o, "output_base64")), "YQD/");
	assert_non_null(json_object_get(o, "output"));
	json_decref(o);
	v.output = (struct exec_bytes){NULL, 0};
	o = exec_json_result(&v);
	assert_string_equal(json_string_value(json_object_get(o, "output")),
			    "");
	assert_null(json_object_get(o, "encoding"));
}

static void
exec_problem_is_a_result_too(void **state)
{
	struct err e;
	auto_json json_t *o = NULL;

	(void)state;
	err_set(&e, ERR_GUEST_GONE, "the guest is gone");
	o = exec_json_problem(&e, "request-1", "exec-0123456789abcdef");
	assert_int_equal(json_integer_value(json_object_get(o, "exit_code")),
			 -1);
	assert_string_equal(json_string_value(json_object_get(o, "output")),
			    "");
	assert_string_equal(json_string_value(json_object_get(o, "error")),
			    "the guest is gone");
	assert_int_equal(json_integer_value(json_object_get(o, "status")), 503);
}

static void
clip_keeps_head_and_tail(void **state)
{
	struct exec_clip c;
	size_t total = 0;

	(void)state;
	exec_clip_init(&c);
	for (int i = 0; i < 700000; i++) {
		char line[16];
		size_t n = (size_t)sprintf(line, "%d\n", i);

		assert_int_equal(exec_clip_add(&c, line, n), 0);
		total += n;
	}
	exec_clip_finish(&c);
	assert_true(total > 4 * 1024 * 1024);
	assert_true(c.clipped);
	assert_int_equal(c.b.len, 2 * EXEC_CLIP_HALF);
	assert_memory_equal(c.b.data, "0\n1\n2\n", 6);
	assert_memory_equal(c.b.data + c.b.len - 7, "699999\n", 7);
	exec_clip_fini(&c);
}

static void
clip_takes_any_size_of_piece(void **state)
{
	static const size_t sizes[] = {
		2 * EXEC_CLIP_HALF, 2 * EXEC_CLIP_HALF + 1, 9 * EXEC_CLIP_HALF};
	char *data = malloc(9 * EXEC_CLIP_HALF);

	(void)state;
	memset(data, 'm', 9 * EXEC_CLIP_HALF);
	for (size_t i = 0; i < 3; i++) {
		struct exec_clip c;

		data[0] = 'f';
		data[sizes[i] - 1] = 'l';
		exec_clip_init(&c);
		assert_int_equal(exec_clip_add(&c, data, sizes[i]), 0);
		exec_clip_finish(&c);
		assert_int_equal(c.clipped, i > 0);
		assert_int_equal(c.b.len, 2 * EXEC_CLIP_HALF);
		assert_int_equal(c.b.data[0], 'f');
		assert_int_equal(c.b.data[c.b.len - 1], 'l');
		data[sizes[i] - 1] = 'm';
		exec_clip_fini(&c);
	}
	free(data);
}

/* Text that was UTF-8 stays so, wherever the seam falls. */
static void
clip_cuts_between_characters(void **state)
{
	(void)state;
	for (size_t shift = 0; shift < 12; shift++) {
		struct exec_view v = sample_exec();
		struct exec_clip c;
		json_t *o;

		exec_clip_init(&c);
		exec_clip_add(&c, "xxxxxxxxxxxx", shift);
		for (int i = 0; i < 400000; i++)
			exec_clip_add(&c, "\xe2\x82\xac\xf0\x9f\x98\x80", 7);
		exec_clip_finish(&c);
		v.output = (struct exec_bytes){c.b.data, c.b.len};
		o = exec_json_result(&v);
		assert_null(json_object_get(o, "encoding"));
		json_decref(o);
		exec_clip_fini(&c);
	}
}

static void
files_show_their_names(void **state)
{
	struct file_item f = {.path = "/workspace/a%20b.txt",
			      .type = "file",
			      .size = 3,
			      .mtime_us = 1780912800000000,
			      .mode = 0644};

	(void)state;
	assert_string_equal(
		text_of(file_json_entry(&f)),
		"{\"name\":\"a b.txt\",\"path\":\"/workspace/a b.txt\","
		"\"type\":\"file\",\"size\":3,\"mod_time\":"
		"\"2026-06-08T10:00:00Z\",\"mode\":\"0644\"}");
	f.path = "/w/%FF%0A";
	assert_string_equal(
		text_of(file_json_written(&f)),
		"{\"status\":\"ok\",\"path\":\"/w/\xef\xbf\xbd\\n\","
		"\"path_encoded\":\"/w/%FF%0A\",\"size\":3}");
	f.path = "/w/%F";
	assert_null(file_json_entry(&f));
	f.path = "/w/%00";
	assert_null(file_json_entry(&f));
}

static void
file_content_says_its_encoding(void **state)
{
	struct file_item f = {.path = "/a", .type = "file", .size = 2};

	(void)state;
	assert_string_equal(text_of(file_json_content(&f, "hi", 2)),
			    "{\"path\":\"/a\",\"size\":2,\"encoding\":"
			    "\"utf-8\",\"content\":\"hi\"}");
	assert_string_equal(text_of(file_json_content(&f, "\xff\xfe", 2)),
			    "{\"path\":\"/a\",\"size\":2,\"encoding\":"
			    "\"base64\",\"content\":\"//4=\"}");
	assert_string_equal(text_of(file_json_content(&f, NULL, 0)),
			    "{\"path\":\"/a\",\"size\":2,\"encoding\":"
			    "\"utf-8\",\"content\":\"\"}");
}

static void
diffs_are_whole(void **state)
{
	struct git_file g = {.path = "a", .status = "modified"};
	auto_json json_t *files = json_array();

	(void)state;
	json_array_append_new(files, file_json_git(&g));
	assert_string_equal(
		text_of(file_json_diff(files, "d\xff", 2, "", 0, true)),
		"{\"files\":[{\"path\":\"a\",\"status\":"
		"\"modified\"}],\"diff\":\"d\xef\xbf\xbd\","
		"\"staged_diff\":\"\",\"truncated\":true}");
}

/* The members of every refusal, from the contract. */
static void
problems_are_complete(void **state)
{
	static const char *const keys[] = {"type",   "title", "status",
					   "detail", "error", "instance",
					   "reason", NULL};
	static const char *const reason[] = {"code", "message", "action",
					     "retryable", NULL};

	(void)state;
	for (int i = ERR_NONE + 1; i < ERR_COUNT; i++) {
		struct err e;
		auto_json json_t *o = NULL;

		err_set(&e, (enum err_code)i, "cut in a character: \xc3");
		strcpy(e.field, "\xff");
		o = problem_json(&e, "request-1", "sandbox", "cage-x");
		has_keys(o, keys);
		has_keys(json_object_get(o, "reason"), reason);
		assert_int_equal(problem_retry_after(&e) > 0,
				 err_retryable(e.code));
	}
}

static void
keys_never_show_the_secret(void **state)
{
	const struct api_key_view v = {.id = "key-1",
				       .name = "n",
				       .prefix = "caged_sk_abcde",
				       .scope = "full",
				       .created_us = 1780912800000000};
	char secret[API_KEY_TEXT_SIZE], other[API_KEY_TEXT_SIZE];

	(void)state;
	assert_string_equal(
		text_of(api_key_json(&v)),
		"{\"id\":\"key-1\",\"name\":\"n\",\"prefix\":"
		"\"caged_sk_abcde\",\"scope\":\"full\",\"last_used\":null,"
		"\"expires_at\":null,\"created_at\":"
		"\"2026-06-08T10:00:00Z\"}");
	api_key_make(secret);
	api_key_make(other);
	assert_true(api_key_valid(secret));
	assert_string_not_equal(secret, other);
	secret[20] = '+';
	assert_false(api_key_valid(secret));
	other[51] = '\0';
	assert_false(api_key_valid(other));
	assert_false(api_key_valid(""));
}

static void
account_without_limits(void **state)
{
	const struct account_view v = {.id = "acct-1",
				       .name = "n",
				       .plan = "pro",
				       .created_us = 1780912800000000,
				       .rate_per_minute = 300};

	(void)state;
	assert_string_equal(
		text_of(account_json(&v)),
		"{\"id\":\"acct-1\",\"name\":\"n\",\"plan\":\"pro\","
		"\"created_at\":\"2026-06-08T10:00:00Z\",\"limits\":"
		"{\"sandboxes\":null,\"requests_per_minute\":300}}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sandbox_has_every_field),
		cmocka_unit_test(sandbox_says_that_it_is_paused),
		cmocka_unit_test(sandbox_says_why_it_failed),
		cmocka_unit_test(alias_answers_have_one_id),
		cmocka_unit_test(broken_stored_json_reads_as_empty),
		cmocka_unit_test(exec_result_is_exact),
		cmocka_unit_test(exec_row_adds_its_own),
		cmocka_unit_test(exec_output_may_be_binary),
		cmocka_unit_test(exec_problem_is_a_result_too),
		cmocka_unit_test(clip_keeps_head_and_tail),
		cmocka_unit_test(clip_takes_any_size_of_piece),
		cmocka_unit_test(clip_cuts_between_characters),
		cmocka_unit_test(files_show_their_names),
		cmocka_unit_test(file_content_says_its_encoding),
		cmocka_unit_test(diffs_are_whole),
		cmocka_unit_test(problems_are_complete),
		cmocka_unit_test(keys_never_show_the_secret),
		cmocka_unit_test(account_without_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
