/* A plan's steps, and the operation as its gateway sees it. This host has no
 * sandbox's user, so here every step fails before its program. */
#include "../support/agent_host.h"

#include "../../agent/plan_steps.h"
#include "auto.h"

static int
set_up(void **state)
{
	struct agent_host *h = malloc(sizeof(*h));

	agent_host_init(h);
	*state = h;
	return 0;
}

static int
tear_down(void **state)
{
	agent_host_fini(*state);
	free(*state);
	return 0;
}

/* The steps of a plan given as JSON; their names in one text. */
static int
make(const char *text, struct plan_steps *out, char *names, size_t size)
{
	auto_json json_t *json = json_loads(text, 0, NULL);
	struct plan plan;
	struct err e = {0};

	names[0] = '\0';
	assert_int_equal(field_read(&plan_fields, json, &plan, &e), 0);
	if (plan_steps_make(out, &plan, &e) < 0) {
		assert_int_equal(e.code, ERR_INVALID_REQUEST);
		return -1;
	}
	for (size_t i = 0; i < out->count; i++)
		snprintf(names + strlen(names), size - strlen(names), "%s%s ",
			 out->list[i].name,
			 strcmp(out->list[i].user, "root") == 0 ? "(root)"
								: "");
	return 0;
}

static void
steps_come_in_their_order(void **state)
{
	static const struct {
		const char *plan, *names;
	} cases[] = {
		{"{}", ""},
		{"{\"init_script\":\"x\"}", "init_script "},
		{"{\"init_script\":\"x\",\"agents\":[\"aider\",\"codex\"],"
		 "\"pip\":[\"a\"],\"npm\":[\"b\"],\"apt\":[\"c\"],"
		 "\"repo\":\"https://h/r\"}",
		 "repo packages:apt(root) packages:npm packages:pip "
		 "agents:aider agents:codex init_script "},
	};
	struct plan_steps steps;
	char names[512];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
			make(cases[i].plan, &steps, names, sizeof(names)), 0);
		assert_string_equal(names, cases[i].names);
		plan_steps_fini(&steps);
	}
	assert_int_equal(
		make("{\"agents\":[\"eliza\"]}", &steps, names, sizeof(names)),
		-1);
	assert_int_equal(make("{\"apt\":[7]}", &steps, names, sizeof(names)),
			 -1);
}

static void
a_token_is_in_gits_environment_alone(void **state)
{
	struct plan_steps steps;
	char names[512];

	(void)state;
	assert_int_equal(make("{\"repo\":\"https://h:8443/a/b.git\","
			      "\"repo_token\":\"hunter2\",\"apt\":[\"c\"],"
			      "\"init_script\":\"x\"}",
			      &steps, names, sizeof(names)),
			 0);
	for (size_t i = 0; i < steps.count; i++) {
		auto_free char *argv = json_text(steps.list[i].argv);

		assert_true(!argv || !strstr(argv, "hunter2"));
		assert_true((i == 0) == (steps.list[i].env != NULL));
	}
	assert_string_equal(json_string_value(json_object_get(
				    steps.list[0].env, "CAGED_REPO_TOKEN")),
			    "hunter2");
	assert_string_equal(json_string_value(json_object_get(
				    steps.list[0].env, "GIT_CONFIG_KEY_1")),
			    "credential.https://h:8443.helper");
	plan_steps_fini(&steps);
}

static size_t
lines(const struct buf *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->len; i++)
		n += b->data[i] == '\n';
	return n;
}

static void
a_failed_step_is_the_last_and_is_told_again(void **state)
{
	static const char open[] = "{\"op\":\"plan\",\"repo\":\"https://h/r\","
				   "\"init_script\":\"true\"}";
	struct agent_host *h = *state;
	auto_buf struct buf first, again, last;

	buf_init(&first, 1 << 20);
	buf_init(&again, 1 << 20);
	buf_init(&last, 1 << 20);
	assert_int_equal(agent_host_call(h, open, &first, &last), FRAME_END);
	assert_string_equal(buf_str(&last), "{}");
	assert_int_equal(lines(&first), 1);
	assert_non_null(strstr(buf_str(&first),
			       "{\"step\":\"repo\",\"exit_code\":126,"));
	/* After the connection was lost, too. */
	agent_host_hello(h);
	assert_int_equal(agent_host_call(h, open, &again, &last), FRAME_END);
	assert_string_equal(buf_str(&again), buf_str(&first));
}

static void
an_empty_plan_ends_at_once(void **state)
{
	struct agent_host *h = *state;
	auto_buf struct buf data, last;

	buf_init(&data, 1 << 20);
	buf_init(&last, 1 << 20);
	assert_int_equal(agent_host_call(h, "{\"op\":\"plan\"}", &data, &last),
			 FRAME_END);
	assert_int_equal(data.len, 0);
	assert_int_equal(h->agent.plan.state, PLAN_ENDED);
}

/* Templates and agents.def take one program of one version. */
static void
agents_are_those_of_the_images(void **state)
{
	static const struct {
		const char *name, *package, *version;
	} agents[] = {
#define AGENT(name, program, how, package, version) {#name, package, version},
#include "agents.def"
#undef AGENT
	};
	char line[1024], name[64], version[64], how[16], package[128];
	FILE *f = fopen("scripts/images/tools.table", "re");
	int found = 0;

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%63s %63s %15s %127s", name, version, how,
			   package) != 4)
			continue;
		for (size_t i = 0; i < sizeof(agents) / sizeof(agents[0]);
		     i++) {
			if (strcmp(agents[i].name, name) != 0)
				continue;
			assert_string_equal(agents[i].version, version);
			assert_string_equal(agents[i].package, package);
			found++;
		}
	}
	fclose(f);
	assert_int_equal(found, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_come_in_their_order),
		cmocka_unit_test(a_token_is_in_gits_environment_alone),
		cmocka_unit_test_setup_teardown(
			a_failed_step_is_the_last_and_is_told_again, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(an_empty_plan_ends_at_once,
						set_up, tear_down),
		cmocka_unit_test(agents_are_those_of_the_images),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
