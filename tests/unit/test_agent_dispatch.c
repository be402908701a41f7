#include "../support/agent_host.h"

#include <sys/stat.h>

#include "auto.h"
#include "text.h"

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

/* The code of the ERROR that answers `json`. */
static void
refuse(struct agent_host *h, const char *json, const char *code)
{
	auto_buf struct buf data, last, want;

	buf_init(&data, 1 << 20);
	buf_init(&last, 1 << 20);
	buf_init(&want, 256);
	assert_int_equal(agent_host_call(h, json, &data, &last), FRAME_ERROR);
	buf_addf(&want, "{\"code\":\"%s\",", code);
	assert_ptr_equal(strstr(buf_str(&last), buf_str(&want)),
			 buf_str(&last));
}

static void
bad_requests_are_refused(void **state)
{
	struct agent_host *h = *state;

	refuse(h, "", "invalid_request");
	refuse(h, "[]", "invalid_request");
	refuse(h, "{\"op\":[]}", "invalid_request");
	refuse(h, "{\"op\":\"none\"}", "not_implemented");
	refuse(h, "{\"op\":\"exec_list\",\"more\":1}", "invalid_request");
	refuse(h, "{\"op\":\"exec_ack\",\"exec\":\"exec-0123456789abcdef\"}",
	       "exec_not_found");
	refuse(h, "{\"op\":\"file_read\",\"path\":\"/a%00\"}",
	       "invalid_request");
}

static void
without_a_claim_nothing_else_is_allowed(void **state)
{
	struct agent_host *h = *state;

	h->agent.claim.done = false;
	refuse(h, "{\"op\":\"exec_list\"}", "policy_denied");
	refuse(h, "{\"op\":\"claim\"}", "invalid_request");
}

static void
every_operation_has_a_row(void **state)
{
	char text[128];

	(void)state;
	for (int op = STREAM_OP_NONE + 1; op < STREAM_OP_COUNT; op++) {
		struct dispatch_request r = {0};
		struct err e = {0};

		snprintf(text, sizeof(text), "{\"op\":\"%s\"}",
			 stream_op_name((enum stream_op)op));
		if (dispatch_parse(&r, text, strlen(text), true, &e) < 0)
			assert_int_equal(e.code, ERR_INVALID_REQUEST);
		dispatch_request_fini(&r);
	}
}

static void
a_command_runs(void **state)
{
	struct agent_host *h = *state;
	auto_buf struct buf data, last;

	buf_init(&data, 1 << 20);
	buf_init(&last, 1 << 20);
	if (geteuid() != 0)
		skip();
	assert_int_equal(
		agent_host_call(h,
				"{\"op\":\"exec\",\"exec\":\"exec-"
				"0123456789abcdef\",\"argv\":[\"sh\",\"-c\","
				"\"echo $A; exit 5\"],\"cwd\":\"/\",\"user\":"
				"\"root\",\"env\":{\"A\":\"b\"},"
				"\"timeout_ms\":5000}",
				&data, &last),
		FRAME_END);
	assert_string_equal(buf_str(&data), "b\n");
	assert_non_null(strstr(buf_str(&last), "\"exit_code\":5"));
	assert_int_equal(agent_host_call(h,
					 "{\"op\":\"exec_ack\",\"exec\":\"exec-"
					 "0123456789abcdef\"}",
					 &data, &last),
			 FRAME_END);
	assert_null(h->agent.execs.runs);
}

static void
data_beyond_the_window_resets(void **state)
{
	static uint8_t bytes[FRAME_PAYLOAD_MAX];
	struct agent_host *h = *state;
	struct frame f;
	uint32_t id;

	if (geteuid() != 0)
		skip();
	id = agent_host_open(h, "{\"op\":\"exec\",\"exec\":\"exec-"
				"0123456789abcdef\",\"argv\":[\"sleep\","
				"\"5\"],\"cwd\":\"/\",\"user\":\"root\","
				"\"stdin\":true,\"timeout_ms\":5000}");
	for (int i = 0; i < 7; i++)
		agent_host_data(h, id, 0, bytes, sizeof(bytes));
	do
		f = agent_host_frame(h);
	while (f.type == FRAME_REPLY || f.type == FRAME_CREDIT);
	assert_int_equal(f.type, FRAME_RESET);
	assert_non_null(h->agent.execs.runs);
	assert_null(h->agent.execs.runs->stream);
}

/* A folder that workers, who become the sandbox's user, may use. */
struct folder {
	char path[64];
	char pct[200];
};

static void
folder_init(struct folder *d)
{
	snprintf(d->path, sizeof(d->path), "/tmp/caged-agent-XXXXXX");
	assert_non_null(mkdtemp(d->path));
	assert_int_equal(chown(d->path, AGENT_UID, AGENT_GID), 0);
}

static void
folder_fini(struct folder *d)
{
	assert_int_equal(rmdir(d->path), 0);
}

static void
files_of_any_name_go_round(void **state)
{
	static const char *const names[] = {"a", "new%0Aline", "%FF%FE%80",
					    "-x", "%25"};
	struct agent_host *h = *state;
	auto_buf struct buf data, last, json;
	struct folder d;

	if (geteuid() != 0)
		skip();
	folder_init(&d);
	buf_init(&data, 1 << 20);
	buf_init(&last, 1 << 20);
	buf_init(&json, 4096);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		uint32_t id;

		buf_reset(&json);
		buf_addf(&json, "{\"op\":\"file_write\",\"path\":\"%s/%s\"}",
			 d.path, names[i]);
		id = agent_host_open(h, buf_str(&json));
		agent_host_data(h, id, 0, "hel", 3);
		agent_host_data(h, id, DATA_EOF, "lo", 2);
		assert_int_equal(agent_host_finish(h, id, &data, &last),
				 FRAME_END);
		buf_reset(&json);
		buf_addf(&json, "{\"op\":\"file_read\",\"path\":\"%s/%s\"}",
			 d.path, names[i]);
		buf_reset(&data);
		assert_int_equal(
			agent_host_call(h, buf_str(&json), &data, &last),
			FRAME_END);
		assert_string_equal(buf_str(&data), "hello");
		buf_reset(&json);
		buf_addf(&json, "{\"op\":\"file_delete\",\"path\":\"%s/%s\"}",
			 d.path, names[i]);
		assert_int_equal(
			agent_host_call(h, buf_str(&json), &data, &last),
			FRAME_END);
	}
	folder_fini(&d);
}

static void
a_reset_write_leaves_nothing(void **state)
{
	struct agent_host *h = *state;
	auto_buf struct buf json, reset;
	struct folder d;
	struct err e;
	uint32_t id;

	if (geteuid() != 0)
		skip();
	folder_init(&d);
	buf_init(&json, 4096);
	buf_init(&reset, 64);
	buf_addf(&json, "{\"op\":\"file_write\",\"path\":\"%s/f\"}", d.path);
	id = agent_host_open(h, buf_str(&json));
	agent_host_data(h, id, 0, "half", 4);
	frame_add(&reset, id, FRAME_RESET, 0, NULL, 0);
	agent_host_send(h, &reset);
	for (int i = 0; i < 200 && (i < 2 || h->agent.workers.slots[0].pid);
	     i++)
		assert_int_equal(loop_turn(&h->agent.loop, 20, &e), 0);
	assert_int_equal(h->agent.workers.slots[0].pid, 0);
	folder_fini(&d); /* it is empty */
}

static void
a_hello_voids_streams_and_keeps_commands(void **state)
{
	struct agent_host *h = *state;
	auto_buf struct buf data, last;

	if (geteuid() != 0)
		skip();
	buf_init(&data, 1 << 20);
	buf_init(&last, 1 << 20);
	agent_host_open(h, "{\"op\":\"exec\",\"exec\":\"exec-"
			   "0123456789abcdef\",\"argv\":[\"sh\",\"-c\","
			   "\"sleep .3; echo x\"],\"cwd\":\"/\",\"user\":"
			   "\"root\",\"timeout_ms\":5000}");
	assert_int_equal(agent_host_frame(h).type, FRAME_REPLY);
	agent_host_hello(h);
	assert_int_equal(
		agent_host_call(h,
				"{\"op\":\"exec_attach\",\"exec\":\"exec-"
				"0123456789abcdef\"}",
				&data, &last),
		FRAME_END);
	assert_string_equal(buf_str(&data), "x\n");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(bad_requests_are_refused),
		CASE(without_a_claim_nothing_else_is_allowed),
		CASE(every_operation_has_a_row),
		CASE(a_command_runs),
		CASE(data_beyond_the_window_resets),
		CASE(files_of_any_name_go_round),
		CASE(a_reset_write_leaves_nothing),
		CASE(a_hello_voids_streams_and_keeps_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
