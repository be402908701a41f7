/* What a create may ask to be made ready, and the plan that becomes of it. */
#include "../support/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "err.h"
#include "field.h"
#include "model/req_create.h"
#include "model/req_package.h"
#include "model/req_plan.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
check_words(int (*check)(const char *, struct err *), const char *const *good,
	    size_t n_good, const char *const *bad, size_t n_bad)
{
	struct err e;

	for (size_t i = 0; i < n_good; i++)
		if (check(good[i], &e))
			fail_msg("refused: %s", good[i]);
	for (size_t i = 0; i < n_bad; i++)
		if (!check(bad[i], &e))
			fail_msg("taken: %s", bad[i]);
}

static void
repositories(void **state)
{
	static const char *const good[] = {
		"https://github.com/user/project", "http://10.0.0.1:8080/a.git",
		"https://h/a%20b", "https://git.example.com/~me/x_y.git"};
	static const char *const bad[] = {"git://h/r",
					  "ssh://h/r",
					  "git@h:r",
					  "/tmp/r",
					  "file:///r",
					  "https://",
					  "https://h",
					  "https://h/",
					  "https:///r",
					  "https://user:pw@h/r",
					  "https://token@h/r",
					  "https://h/r?a=b",
					  "https://h/r#x",
					  "https://h:/r",
					  "https://h:0/r",
					  "https://h:70000/r",
					  "https://h:12345678/r",
					  "https://-h/r",
					  "https://h/r s",
					  "https://h/r\n",
					  "https://h/\"r",
					  "ext::sh -c",
					  "--upload-pack=x",
					  "https://h/r\\x",
					  "HTTPS://h/r",
					  "https://[::1]/r",
					  "https://h/\xc3\xa4"};

	(void)state;
	check_words(req_plan_repo, good, COUNT(good), bad, COUNT(bad));
}

static void
branches(void **state)
{
	static const char *const good[] = {"main", "feature/x-1", "v1.2.3",
					   "a@b",  "user+x",	  "#12"};
	static const char *const bad[] = {"-x",	      "--upload-pack=x",
					  "a b",      "a..b",
					  "a~1",      "a^",
					  "a:b",      "a?",
					  "a*",	      "a[",
					  "a\\",      "/a",
					  "a/",	      "a//b",
					  "a.",	      ".a",
					  "a/.b",     "a.lock",
					  "a.lock/b", "@",
					  "a@{1}",    "a\x7f",
					  ""};

	(void)state;
	check_words(req_plan_branch, good, COUNT(good), bad, COUNT(bad));
}

static void
folders(void **state)
{
	static const char *const good[] = {"a", "a/b", "a-b/c.d", "...",
					   "a/.b"};
	static const char *const bad[] = {
		"",    "/",   "/a",   "a/",  "a//b", ".",     "..", "a/..",
		"a/.", "./a", "../a", "-a",  "a b",  "a\nb",  "a*", "a?",
		"a[b", "!a",  "#a",   "a\\", "a\"b", "a/../b"};

	(void)state;
	check_words(req_plan_subdir, good, COUNT(good), bad, COUNT(bad));
}

static void
packages(void **state)
{
	static const struct {
		const char *text;
		int manager; /* -1: refused */
		const char *name;
	} cases[] = {
		{"gcc", PACKAGE_apt, "gcc"},
		{"apt:g++", PACKAGE_apt, "g++"},
		{"apt:libssl3=3.0.15-1~deb12u1", PACKAGE_apt,
		 "libssl3=3.0.15-1~deb12u1"},
		{"npm:left-pad", PACKAGE_npm, "left-pad"},
		{"npm:@scope/name@1.2.3", PACKAGE_npm, "@scope/name@1.2.3"},
		{"npm:typescript@latest", PACKAGE_npm, "typescript@latest"},
		{"pip:requests", PACKAGE_pip, "requests"},
		{"pip:Flask==3.0.0", PACKAGE_pip, "Flask==3.0.0"},
		{"", -1, ""},
		{"apt:", -1, ""},
		{"-y", -1, ""},
		{"apt:-oX=y", -1, ""},
		{"apt:gcc-", -1, ""},
		{"apt:gcc=", -1, ""},
		{"apt:gcc/sid", -1, ""},
		{"apt:./x.deb", -1, ""},
		{"apt:a b", -1, ""},
		{"apt:^a$", -1, ""},
		{"apt:Gcc", -1, ""},
		{"npm:--global", -1, ""},
		{"npm:./x", -1, ""},
		{"npm:../x", -1, ""},
		{"npm:git+https://h/r", -1, ""},
		{"npm:user/repo", -1, ""},
		{"npm:a@file:x", -1, ""},
		{"npm:@/a", -1, ""},
		{"npm:@a/", -1, ""},
		{"npm:a@", -1, ""},
		{"npm:a@-x", -1, ""},
		{"npm:a;b", -1, ""},
		{"pip:-r", -1, ""},
		{"pip:a>=1", -1, ""},
		{"pip:a=1", -1, ""},
		{"pip:a==", -1, ""},
		{"pip:a @ https://h/x", -1, ""},
		{"pip:./a", -1, ""},
		{"pip:$(id)", -1, ""},
		{"gem:x", -1, ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		enum package_manager m;
		const char *name;
		struct err e = {0};
		int rc = req_package_read(cases[i].text, PACKAGE_apt, &m, &name,
					  &e);

		if ((rc == 0) != (cases[i].manager >= 0))
			fail_msg("%s: %d", cases[i].text, rc);
		if (rc < 0) {
			assert_string_equal(e.field, "packages");
			continue;
		}
		assert_int_equal(m, cases[i].manager);
		assert_string_equal(name, cases[i].name);
	}
}

/* The plan of a create with these members, or NULL and the field it names. */
static char *
plan_of(const char *template_name, const char *members, struct err *e)
{
	char text[4096];
	auto_json json_t *body = NULL, *plan = NULL;
	struct req_create r;

	snprintf(text, sizeof(text), "{\"template\":\"%s\"%s}", template_name,
		 members);
	body = json_loads(text, 0, NULL);
	assert_non_null(body);
	if (req_create_read(body, false, &r, e) < 0)
		return NULL;
	plan = req_plan_make(&r, e);
	assert_non_null(plan);
	return json_text(plan);
}

static void
plans(void **state)
{
	static const struct {
		const char *template_name, *members, *plan;
	} cases[] = {
		{"minimal", "", "{\"plan\":{}}"},
		{"minimal", ",\"repo\":\"\",\"init_script\":null,\"env\":{}",
		 "{\"plan\":{},\"env\":{}}"},
		{"minimal", ",\"packages\":[\"gcc\",\"npm:a\",\"apt:gcc\"]",
		 "{\"plan\":{\"apt\":[\"gcc\"],\"npm\":[\"a\"]}}"},
		{"node", ",\"packages\":[\"a\"]",
		 "{\"plan\":{\"npm\":[\"a\"]}}"},
		{"python-312", ",\"packages\":[\"a\"]",
		 "{\"plan\":{\"pip\":[\"a\"]}}"},
		{"minimal",
		 ",\"agents\":[\"claude\",\"claude-code\",\"aider\"]",
		 "{\"plan\":{\"agents\":[\"claude-code\",\"aider\"]}}"},
		{"minimal", ",\"init_script\":\"x\",\"env\":{\"A\":\"b\"}",
		 "{\"plan\":{\"init_script\":\"x\"},\"env\":{\"A\":\"b\"}}"},
	};
	static const struct {
		const char *members, *field;
	} wrong[] = {
		{",\"repo\":\"https://h/r\",\"network_mode\":\"none\"", "repo"},
		{",\"repo_token\":\"t\"", "repo"},
		{",\"repo_branch\":\"main\"", "repo"},
		{",\"agents\":[\"eliza\"]", "agents"},
		{",\"agents\":[1]", "agents"},
		{",\"packages\":[1]", "packages"},
		{",\"packages\":[\"-x\"]", "packages"},
	};
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		auto_free char *text =
			plan_of(cases[i].template_name, cases[i].members, &e);

		assert_non_null(text);
		assert_string_equal(text, cases[i].plan);
	}
	for (size_t i = 0; i < COUNT(wrong); i++) {
		assert_null(plan_of("minimal", wrong[i].members, &e));
		assert_int_equal(e.code, ERR_INVALID_REQUEST);
		assert_string_equal(e.field, wrong[i].field);
	}
}

static void
agents_get_the_memory_they_need(void **state)
{
	auto_json json_t *body =
		json_loads("{\"template\":\"minimal\",\"memory_mb\":256,"
			   "\"agents\":[\"codex\"]}",
			   0, NULL);
	struct req_create r;
	struct err e;

	(void)state;
	assert_int_equal(req_create_read(body, false, &r, &e), 0);
	assert_int_equal(r.memory_mb, 1024);
	json_object_set_new(body, "memory_mb", json_integer(2048));
	assert_int_equal(req_create_read(body, false, &r, &e), 0);
	assert_int_equal(r.memory_mb, 2048);
}

/* A script of bytes that JSON makes longer still fits one frame. */
static void
a_plan_fits_a_frame(void **state)
{
	auto_json json_t *body =
		json_loads("{\"template\":\"minimal\"}", 0, NULL);
	auto_free char *script = calloc(1, REQ_PLAN_SCRIPT_MAX + 1);
	struct req_create r;
	struct err e = {0};

	(void)state;
	memset(script, 'x', REQ_PLAN_SCRIPT_MAX);
	json_object_set_new(body, "init_script", json_string(script));
	assert_int_equal(req_create_read(body, false, &r, &e), 0);
	memset(script, '\x01', REQ_PLAN_SCRIPT_MAX);
	json_object_set_new(body, "init_script", json_string(script));
	assert_int_equal(req_create_read(body, false, &r, &e), -1);
	assert_string_equal(e.field, "init_script");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(repositories),
		cmocka_unit_test(branches),
		cmocka_unit_test(folders),
		cmocka_unit_test(packages),
		cmocka_unit_test(plans),
		cmocka_unit_test(agents_get_the_memory_they_need),
		cmocka_unit_test(a_plan_fits_a_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
