/* What becomes of a create by what its steps gave. */
#include "../support/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "../../app/gateway/provision.h"
#include "auto.h"
#include "model/sandbox.h"

static void
verdicts(void **state)
{
	static const struct {
		const char *steps;
		enum err_code code; /* NONE: it is made */
	} cases[] = {
		{"[]", ERR_NONE},
		{"[{\"step\":\"repo\",\"exit_code\":0,\"duration_ms\":1,"
		 "\"output\":\"\"}]",
		 ERR_NONE},
		{"[{\"step\":\"repo\",\"exit_code\":128,\"duration_ms\":1,"
		 "\"output\":\"fatal: no\\n\"}]",
		 ERR_REPO_CLONE_FAILED},
		{"[{\"step\":\"packages:npm\",\"exit_code\":1,"
		 "\"duration_ms\":1,\"output\":\"\"}]",
		 ERR_PROVISION_FAILED},
		{"[{\"step\":\"agents:codex\",\"exit_code\":1,"
		 "\"duration_ms\":1,\"output\":\"\"}]",
		 ERR_AGENT_INSTALL_FAILED},
		{"[{\"step\":\"init_script\",\"exit_code\":1,"
		 "\"duration_ms\":1,\"output\":\"\"}]",
		 ERR_NONE},
		{"[{\"step\":\"what\",\"exit_code\":1,\"duration_ms\":1,"
		 "\"output\":\"\"}]",
		 ERR_PROVISION_FAILED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_json json_t *steps = json_loads(cases[i].steps, 0, NULL);
		struct provision p = {.steps = steps};
		struct err e = {0};

		assert_int_equal(provision_verdict(&p, &e),
				 cases[i].code == ERR_NONE ? 0 : -1);
		assert_int_equal(e.code, cases[i].code);
		if (cases[i].code == ERR_REPO_CLONE_FAILED)
			assert_string_equal(e.msg,
					    "repo: exit code 128: fatal: no");
	}
}

/* Only the end of long words, from the start of a character. */
static void
words_are_bounded(void **state)
{
	auto_free char *text = calloc(1, 6001);
	auto_json json_t *steps = NULL;
	struct provision p = {0};
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i + 2 <= 6000; i += 2)
		memcpy(text + i, "\xc3\xa4", 2);
	steps = json_pack("[{s:s,s:i,s:i,s:s}]", "step", "repo", "exit_code", 1,
			  "duration_ms", 1, "output", text);
	p.steps = steps;
	assert_int_equal(provision_verdict(&p, &e), -1);
	assert_true(strlen(e.msg) < sizeof(e.msg) - 50);
	assert_non_null(strstr(e.msg, "code 1: \xc3\xa4"));
}

static void
stored_text_is_bounded(void **state)
{
	auto_free char *output = calloc(1, 12001), *text = NULL;
	auto_json json_t *steps = json_array();
	struct provision p = {.steps = steps};

	(void)state;
	memset(output, '\x01', 12000); /* six bytes each */
	for (int i = 0; i < CHANNEL_PLAN_STEPS_MAX; i++)
		json_array_append_new(
			steps, json_pack("{s:s,s:i,s:i,s:s}", "step", "repo",
					 "exit_code", 0, "duration_ms", 1,
					 "output", i ? output : "kept"));
	text = provision_text(&p);
	assert_non_null(text);
	assert_true(strlen(text) <= SANDBOX_PROVISION_MAX);
	assert_non_null(strstr(text, "\"kept\""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts),
		cmocka_unit_test(words_are_bounded),
		cmocka_unit_test(stored_text_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
