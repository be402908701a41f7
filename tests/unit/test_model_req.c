/* Every JSON body of the API: what is taken, what is refused and why. */
#include "../support/body_cases.h"

#include "buf.h"
#include "model/req_network.h"
#include "model/req_create.h"
#include "model/req_exec.h"
#include "model/req_file.h"
#include "model/req_key.h"
#include "model/req_patch.h"
#include "model/sandbox.h"

static int
read_create(json_t *j, struct err *e)
{
	struct req_create r;

	return req_create_read(j, false, &r, e);
}

static int
read_alias(json_t *j, struct err *e)
{
	struct req_create r;

	return req_create_read(j, true, &r, e);
}

static int
read_patch(json_t *j, struct err *e)
{
	struct req_patch r;

	return req_patch_read(j, &r, e);
}

static int
read_exec(json_t *j, struct err *e)
{
	struct req_exec r;

	return req_exec_read(j, &r, e);
}

static int
read_file(json_t *j, struct err *e)
{
	struct req_file r;

	return req_file_read(j, &r, e);
}

static int
read_mkdir(json_t *j, struct err *e)
{
	struct req_mkdir r;

	return req_mkdir_read(j, &r, e);
}

static int
read_move(json_t *j, struct err *e)
{
	struct req_move r;

	return req_move_read(j, &r, e);
}

static int
read_key(json_t *j, struct err *e)
{
	struct req_key r;
	int64_t expires;

	return req_key_read(j, &r, &expires, e);
}

static const struct body bodies[] = {
	{&req_create_fields, "{\"template\":\"minimal\"}", read_create},
	{&req_patch_fields, "{}", read_patch},
	{&req_exec_fields, "{\"command\":\"true\"}", read_exec},
	{&req_file_fields, "{\"content\":\"\"}", read_file},
	{&req_mkdir_fields, "{\"path\":\"a\"}", read_mkdir},
	{&req_move_fields, "{\"from\":\"a\",\"to\":\"b\"}", read_move},
	{&req_key_fields, "{}", read_key},
};

static void
wrong_bodies_name_the_field(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		body_cases(&bodies[i]);
}

struct text_case {
	const char *text;
	enum err_code code;
	const char *field;
};

static void
check_texts(int (*read)(json_t *, struct err *), const struct text_case *c,
	    size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char field[ERR_FIELD_SIZE] = "";

		assert_int_equal(body_code(read, c[i].text, field), c[i].code);
		assert_string_equal(field, c[i].field);
	}
}

#define CHECK(read, cases) \
	check_texts(read, cases, sizeof(cases) / sizeof((cases)[0]))
#define MIN "{\"template\":\"minimal\","

static void
create_refuses(void **state)
{
	static const struct text_case cases[] = {
		{"{}", ERR_INVALID_REQUEST, "template"},
		{"{\"template\":\"windows\"}", ERR_INVALID_REQUEST, "template"},
		{MIN "\"network_mode\":\"bridge\"}", ERR_INVALID_REQUEST,
		 "network_mode"},
		{MIN "\"network_mode\":\"allowlist\"}", ERR_INVALID_REQUEST,
		 "allowlist"},
		{MIN "\"network_mode\":\"allowlist\",\"allowlist\":[]}",
		 ERR_INVALID_REQUEST, "allowlist"},
		{MIN "\"allowlist\":[\"1.2.3.4\"]}", ERR_INVALID_REQUEST,
		 "allowlist"},
		{MIN "\"allowlist\":[7]}", ERR_INVALID_REQUEST, "allowlist"},
		{MIN "\"budget_action\":\"cry\"}", ERR_INVALID_REQUEST,
		 "budget_action"},
		{MIN "\"env\":{\"A B\":\"1\"}}", ERR_INVALID_REQUEST,
		 "env.A B"},
		{MIN "\"env\":{\"1A\":\"1\"}}", ERR_INVALID_REQUEST, "env.1A"},
		{MIN "\"env\":{\"\":\"1\"}}", ERR_INVALID_REQUEST, "env."},
		{MIN "\"env\":{\"A\":1}}", ERR_INVALID_REQUEST, "env.A"},
		{MIN "\"metadata\":{\"a\":{}}}", ERR_INVALID_REQUEST,
		 "metadata.a"},
		{MIN "\"metadata\":{\"\":\"x\"}}", ERR_INVALID_REQUEST,
		 "metadata"},
		{MIN "\"name\":\"a\\u0007b\"}", ERR_INVALID_REQUEST, "name"},
		{MIN "\"ports\":[0]}", ERR_INVALID_REQUEST, "ports"},
		{MIN "\"ports\":[65536]}", ERR_INVALID_REQUEST, "ports"},
		{MIN "\"ports\":[\"80\"]}", ERR_INVALID_REQUEST, "ports"},
	};

	(void)state;
	CHECK(read_create, cases);
}

static void
later_features_are_named(void **state)
{
	static const struct text_case cases[] = {
		{MIN "\"budget\":5.00}", ERR_NOT_IMPLEMENTED, "budget"},
		{MIN "\"budget_usd\":1}", ERR_NOT_IMPLEMENTED, "budget_usd"},
		{MIN "\"budget_action\":\"pause\"}", ERR_NOT_IMPLEMENTED,
		 "budget_action"},
		{MIN "\"secrets\":[\"a\"]}", ERR_NOT_IMPLEMENTED, "secrets"},
		{MIN "\"from_snapshot\":\"snap-1\"}", ERR_NOT_IMPLEMENTED,
		 "from_snapshot"},
		{MIN "\"network_mode\":\"none\",\"allowlist\":[],"
		     "\"repo\":null,\"budget\":0,\"budget_action\":"
		     "\"destroy\",\"init_script\":\"\",\"agents\":[],"
		     "\"lifetime\":0}",
		 ERR_NONE, ""},
	};
	static const struct text_case exec[] = {
		{"{\"command\":\"a\",\"background\":true}", ERR_NOT_IMPLEMENTED,
		 "background"},
		{"{\"command\":\"a\",\"stream\":true}", ERR_NOT_IMPLEMENTED,
		 "stream"},
		{"{\"command\":\"a\",\"stream\":false,\"background\":null}",
		 ERR_NONE, ""},
	};
	static const struct text_case patch[] = {
		{"{\"budget\":1}", ERR_NOT_IMPLEMENTED, "budget"},
	};

	(void)state;
	CHECK(read_create, cases);
	CHECK(read_exec, exec);
	CHECK(read_patch, patch);
}

static void
networks(void **state)
{
	auto_json json_t *names = json_pack("[s, s]", "*.B.org", "a.org");
	auto_json json_t *none = json_array();
	struct sandbox s = {0};
	struct err e;

	(void)state;
	assert_int_equal(req_network_apply("allowlist", names, &s, &e), 0);
	assert_string_equal(s.network_mode, "allowlist");
	assert_string_equal(s.allowlist, "[\"b.org\",\"a.org\"]");
	assert_int_equal(req_network_apply(NULL, none, &s, &e), -1);
	assert_string_equal(e.field, "allowlist");
	assert_int_equal(req_network_apply("open", NULL, &s, &e), -1);
	assert_string_equal(s.network_mode, "allowlist");
	assert_string_equal(s.allowlist, "[\"b.org\",\"a.org\"]");
	assert_int_equal(req_network_apply("full", NULL, &s, &e), 0);
	assert_string_equal(s.allowlist, "[\"b.org\",\"a.org\"]");
	assert_int_equal(req_network_apply("none", none, &s, &e), 0);
	assert_string_equal(s.allowlist, "[]");
	assert_int_equal(req_network_apply("allowlist", NULL, &s, &e), -1);
}

static void
create_sets_defaults(void **state)
{
	static const char text[] = "{\"template\":\"node\",\"ports\":[3000]}";
	struct req_create r;
	struct sandbox s = {0};
	struct err e;
	auto_json json_t *j = req_parse(text, strlen(text), &e);

	(void)state;
	assert_int_equal(req_create_read(j, false, &r, &e), 0);
	assert_int_equal(req_create_sandbox(&r, &s, &e), 0);
	assert_string_equal(s.template_name, "node-20");
	assert_int_equal(s.cpus, 2);
	assert_int_equal(s.memory_mb, 512);
	assert_int_equal(s.disk_gb, 5);
	assert_int_equal(s.timeout_s, 900);
	assert_string_equal(s.network_mode, "full");
	assert_string_equal(s.metadata, "{}");
	assert_string_equal(s.ports, "[3000]");
}

static void
templates_have_short_names(void **state)
{
	static const char *const names[][2] = {
		{"minimal", "minimal"},	  {"node-20", "node-20"},
		{"node", "node-20"},	  {"python-312", "python-312"},
		{"python", "python-312"}, {"go-122", "go-122"},
		{"go", "go-122"},	  {"agents", "agents"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct req_create r;
		struct err e;
		auto_json json_t *j =
			json_pack("{s:s}", "template", names[i][0]);

		assert_int_equal(req_create_read(j, false, &r, &e), 0);
		assert_string_equal(r.template, names[i][1]);
	}
}

static void
template_is_optional_on_aliases_only(void **state)
{
	(void)state;
	assert_int_equal(body_code(read_alias, "{}", NULL), ERR_NONE);
	assert_int_equal(body_code(read_alias, "", NULL), ERR_NONE);
	assert_int_equal(body_code(read_alias, " \r\n\t", NULL), ERR_NONE);
	assert_int_equal(body_code(read_create, "", NULL), ERR_INVALID_REQUEST);
}

static void
bodies_must_be_objects(void **state)
{
	static const char *const texts[] = {
		"[]",	"1",	"\"x\"",      "null", "{",
		"{}{}", "{} x", "{\"a\":1,}", "\xff", "{\"\xff\":1}"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(body_code(read_alias, texts[i], NULL),
				 ERR_INVALID_REQUEST);
	assert_int_equal(body_code(read_alias,
				   "{\"env\":{\"A\":[[[[[[[[1]]]]]]]]}}", NULL),
			 ERR_INVALID_REQUEST);
}

static void
body_has_a_size(void **state)
{
	char *text = malloc(REQ_BODY_MAX + 1);
	struct err e;

	(void)state;
	memset(text, ' ', REQ_BODY_MAX + 1);
	assert_null(req_parse(text, REQ_BODY_MAX + 1, &e));
	assert_int_equal(e.code, ERR_BODY_TOO_LARGE);
	free(text);
}

/* Odd values are the client's business; only the whole has a size. */
static void
env_values_may_be_odd(void **state)
{
	json_t *j = json_pack("{s:s, s:{s:s, s:s}}", "template", "minimal",
			      "env", "A", "=\"'$`\\\n\t\x01 ;|&", "_b9", "");
	char *big = malloc(REQ_ENV_TEXT_MAX + 1);
	struct err e;

	(void)state;
	assert_int_equal(read_create(j, &e), 0);
	memset(big, 'x', REQ_ENV_TEXT_MAX);
	big[REQ_ENV_TEXT_MAX] = '\0';
	json_object_set_new(json_object_get(j, "env"), "BIG", json_string(big));
	assert_int_equal(read_create(j, &e), -1);
	assert_string_equal(e.field, "env");
	free(big);
	json_decref(j);
}

static void
exec_takes_one_command(void **state)
{
	static const struct text_case cases[] = {
		{"{}", ERR_INVALID_REQUEST, "command"},
		{"{\"command\":\"a\",\"cmd\":[\"b\"]}", ERR_INVALID_REQUEST,
		 "command"},
		{"{\"command\":null,\"cmd\":[\"b\"]}", ERR_NONE, ""},
		{"{\"cmd\":[\"b\",\"\"]}", ERR_NONE, ""},
		{"{\"cmd\":[\"\"]}", ERR_INVALID_REQUEST, "cmd"},
		{"{\"cmd\":[1]}", ERR_INVALID_REQUEST, "cmd"},
		{"{\"command\":\"a\",\"timeout\":0}", ERR_INVALID_REQUEST,
		 "timeout"},
		{"{\"command\":\"a\",\"timeout\":0.0001}", ERR_INVALID_REQUEST,
		 "timeout"},
		{"{\"command\":\"a\",\"timeout\":3600.5}", ERR_INVALID_REQUEST,
		 "timeout"},
		{"{\"command\":\"a\",\"timeout\":0.5}", ERR_NONE, ""},
		{"{\"command\":\"a\",\"user\":\"-x\"}", ERR_INVALID_REQUEST,
		 "user"},
		{"{\"command\":\"a\",\"user\":\"a b\"}", ERR_INVALID_REQUEST,
		 "user"},
		{"{\"command\":\"a\",\"user\":\"root\"}", ERR_NONE, ""},
	};

	(void)state;
	CHECK(read_exec, cases);
}

static void
exec_timeout_and_text(void **state)
{
	struct err e;
	struct req_exec r;
	auto_json json_t *shell = json_pack("{s:s}", "command", "echo hi");
	auto_json json_t *argv = json_pack("{s:[s,s], s:f}", "cmd", "echo",
					   "a\"b", "timeout", 1.5);
	auto_free char *line = NULL;
	auto_free char *list = NULL;

	(void)state;
	assert_int_equal(req_exec_read(shell, &r, &e), 0);
	assert_int_equal(req_exec_timeout_ms(&r), 300000);
	line = req_exec_text(&r);
	assert_string_equal(line, "echo hi");
	assert_int_equal(req_exec_read(argv, &r, &e), 0);
	assert_int_equal(req_exec_timeout_ms(&r), 1500);
	list = req_exec_text(&r);
	assert_string_equal(list, "[\"echo\",\"a\\\"b\"]");
}

/* All of it goes in one frame to the agent. */
static void
exec_fits_a_frame(void **state)
{
	char *quotes = malloc(49153);
	struct req_exec r;
	struct err e;
	json_t *j;

	(void)state;
	memset(quotes, '"', 49152);
	quotes[49152] = '\0';
	j = json_pack("{s:s}", "command", quotes);
	assert_int_equal(req_exec_read(j, &r, &e), -1);
	assert_string_equal(e.field, "command");
	json_decref(j);
	free(quotes);
}

static void
file_modes_are_octal(void **state)
{
	static const struct {
		const char *text;
		int64_t mode; /* -1: refused */
	} cases[] = {{"0644", 0644}, {"644", 0644}, {"0o755", 0755},
		     {"0", 0},	     {"777", 0777}, {"1777", -1},
		     {"8", -1},	     {"0x1", -1},   {"-1", -1},
		     {" 644", -1},   {"rw", -1},    {"64 ", -1}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = {0};
		int64_t mode = -1;

		req_file_mode("mode", cases[i].text, &mode, &e);
		assert_int_equal(mode, cases[i].mode);
		if (mode < 0)
			assert_string_equal(e.field, "mode");
	}
}

static void
file_content_is_decoded(void **state)
{
	struct req_file r = {.content = "aGk=", .encoding = "base64"};
	struct err e = {0};
	struct buf b;

	(void)state;
	buf_init(&b, 16);
	assert_int_equal(req_file_content(&r, &b, &e), 0);
	assert_string_equal(buf_str(&b), "hi");
	r.content = "aGk";
	assert_int_equal(req_file_content(&r, &b, &e), -1);
	assert_string_equal(e.field, "content");
	buf_reset(&b);
	r.encoding = NULL;
	assert_int_equal(req_file_content(&r, &b, &e), 0);
	assert_string_equal(buf_str(&b), "aGk");
	r.content = "more than sixteen bytes";
	assert_int_equal(req_file_content(&r, &b, &e), -1);
	assert_int_equal(e.code, ERR_BODY_TOO_LARGE);
	buf_fini(&b);
	assert_int_equal(body_code(read_file,
				   "{\"content\":\"\",\"encoding\":\"hex\"}",
				   NULL),
			 ERR_INVALID_REQUEST);
}

static void
move_overwrites_unless_told(void **state)
{
	auto_json json_t *j = json_pack("{s:s, s:s}", "from", "a", "to", "b");
	struct req_move r;
	struct err e;

	(void)state;
	assert_int_equal(req_move_read(j, &r, &e), 0);
	assert_true(r.overwrite);
	json_object_set_new(j, "overwrite", json_false());
	assert_int_equal(req_move_read(j, &r, &e), 0);
	assert_false(r.overwrite);
}

static void
patch_keeps_what_is_absent(void **state)
{
	auto_json json_t *j = json_pack("{s:s}", "name", "new");
	struct sandbox s = {
		.name = "old", .metadata = "{\"a\":\"b\"}", .timeout_s = 7};
	struct req_patch r;
	struct err e;

	(void)state;
	assert_int_equal(req_patch_read(j, &r, &e), 0);
	assert_int_equal(req_patch_apply(&r, &s, &e), 0);
	assert_string_equal(s.name, "new");
	assert_string_equal(s.metadata, "{\"a\":\"b\"}");
	assert_int_equal(s.timeout_s, 7);
}

static void
keys_expire_in_the_future(void **state)
{
	static const struct text_case cases[] = {
		{"{\"expires_at\":\"2001-01-01T00:00:00Z\"}",
		 ERR_INVALID_REQUEST, "expires_at"},
		{"{\"expires_at\":\"tomorrow\"}", ERR_INVALID_REQUEST,
		 "expires_at"},
		{"{\"expires_at\":\"2201-01-01T00:00:00Z\"}", ERR_NONE, ""},
		{"{\"expires_at\":null}", ERR_NONE, ""},
	};

	(void)state;
	CHECK(read_key, cases);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_bodies_name_the_field),
		cmocka_unit_test(create_refuses),
		cmocka_unit_test(later_features_are_named),
		cmocka_unit_test(networks),
		cmocka_unit_test(create_sets_defaults),
		cmocka_unit_test(templates_have_short_names),
		cmocka_unit_test(template_is_optional_on_aliases_only),
		cmocka_unit_test(bodies_must_be_objects),
		cmocka_unit_test(body_has_a_size),
		cmocka_unit_test(env_values_may_be_odd),
		cmocka_unit_test(exec_takes_one_command),
		cmocka_unit_test(exec_timeout_and_text),
		cmocka_unit_test(exec_fits_a_frame),
		cmocka_unit_test(file_modes_are_octal),
		cmocka_unit_test(file_content_is_decoded),
		cmocka_unit_test(move_overwrites_unless_told),
		cmocka_unit_test(patch_keeps_what_is_absent),
		cmocka_unit_test(keys_expire_in_the_future),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
