#include "vmctl_client.h"

#include "../support/fd_count.h"
#include "../support/vmctl_server.h"
#include "timeutil.h"

#define SANDBOX "cage-0123456789abcdef"
#define VM(id) \
	"{\"sandbox\":\"" id "\",\"state\":\"running\",\"op_id\":3," \
	"\"boot\":1,\"pid\":99,\"uid\":800000,\"accel\":\"tcg\"}"
#define OK(text) "{\"id\":%jd,\"ok\":" text "}"
#define ERROR(code) \
	"{\"id\":%jd,\"error\":{\"code\":\"" code "\",\"message\":\"why\"}}"

/* A server of these steps and its client; both end with the test. */
struct both {
	struct vmctl_server server;
	struct vmctl *client;
	int fds; /* open before */
};

static void
both_init(struct both *b, const struct vmctl_step *steps, size_t n)
{
	vmctl_server_init(&b->server, steps, n);
	b->fds = fd_count();
	b->client = vmctl_new(b->server.path);
	assert_non_null(b->client);
}

static void
both_fini(struct both *b)
{
	vmctl_free(b->client);
	vmctl_server_fini(&b->server);
}

#define auto_both __attribute__((cleanup(both_fini)))
#define START(b, ...) \
	static const struct vmctl_step steps_[] = {__VA_ARGS__}; \
	auto_both struct both b; \
	both_init(&b, steps_, sizeof(steps_) / sizeof(steps_[0]))

static void
expect_unavailable(struct both *b)
{
	struct vmctl_vm vm = {.pid = 77};
	struct err e = {0};

	assert_int_equal(vmctl_stat(b->client, SANDBOX, &vm, &e), -1);
	if (e.code != ERR_VMCTL_UNAVAILABLE)
		fail_msg("%s: %s", err_name(e.code), e.msg);
	assert_int_equal(vm.pid, 77);
}

static void
expect_stat(struct both *b)
{
	struct vmctl_vm vm;
	struct err e = {0};

	if (vmctl_stat(b->client, SANDBOX, &vm, &e) < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(vm.sandbox, SANDBOX);
	assert_string_equal(vm.accel, "tcg");
	assert_int_equal(vm.pid, 99);
	assert_false(vm.has_exit_cause);
}

static void
request_is_as_the_table_says(void **state)
{
	START(b, {.reply = OK(VM(SANDBOX))});
	struct vmctl_create_args a = {
		.sandbox = SANDBOX,
		.has_sandbox = true,
		.op_id = 1,
		.has_op_id = true,
		.template = "minimal",
		.has_template = true,
		.cpus = 2,
		.has_cpus = true,
		.memory_mb = 512,
		.has_memory_mb = true,
		.disk_gb = 5,
		.has_disk_gb = true,
	};
	struct vmctl_vm vm;
	struct err e = {0};

	(void)state;
	assert_int_equal(vmctl_create(b.client, &a, &vm, &e), 0);
	assert_int_equal(vm.boot, 1);
	assert_string_equal(b.server.last,
			    "{\"id\":1,\"op\":\"create\",\"args\":{"
			    "\"sandbox\":\"" SANDBOX "\",\"op_id\":1,"
			    "\"template\":\"minimal\",\"cpus\":2,"
			    "\"memory_mb\":512,\"disk_gb\":5}}");
}

static void
connection_is_kept(void **state)
{
	START(b, {.reply = OK(VM(SANDBOX))}, {.reply = OK(VM(SANDBOX))},
	      {.reply = OK(VM(SANDBOX))});

	(void)state;
	for (int i = 0; i < 3; i++)
		expect_stat(&b);
	assert_int_equal(b.server.connections, 1);
}

static void
lost_connection_is_made_again(void **state)
{
	START(b, {.reply = OK(VM(SANDBOX)), .close = true},
	      {.reply = OK(VM(SANDBOX))});

	(void)state;
	expect_stat(&b);
	expect_stat(&b);
	assert_int_equal(b.server.connections, 2);
}

/* The request was sent, so it must not be sent again by itself. */
static void
close_instead_of_an_answer(void **state)
{
	START(b, {.close = true}, {.reply = OK(VM(SANDBOX))});

	(void)state;
	expect_unavailable(&b);
	assert_int_equal(b.server.done, 1);
	expect_stat(&b);
	assert_int_equal(b.server.connections, 2);
}

static void
answer_to_another_request(void **state)
{
	START(b, {.reply = OK(VM(SANDBOX)), .id_offset = -1},
	      {.reply = OK(VM(SANDBOX))});

	(void)state;
	expect_unavailable(&b);
	expect_stat(&b);
}

static void
late_answer_is_not_taken_for_the_next(void **state)
{
	START(b, {.reply = OK(VM(SANDBOX)), .delay_ms = 1800},
	      {.reply = OK(VM(SANDBOX))});
	int64_t start = time_mono_ms();

	(void)state;
	expect_unavailable(&b);
	assert_in_range(time_mono_ms() - start, 1400, 1790);
	expect_stat(&b);
	assert_int_equal(b.server.connections, 2);
}

static void
malformed_answers(void **state)
{
	START(b, {.reply = "%jd"}, {.reply = "{\"id\":%jd}"},
	      {.reply = OK("{}")}, {.reply = OK("{\"x\":1}")},
	      {.reply = OK("[]")}, {.reply = "{\"id\":%jd,\"ok\":{"},
	      {.reply = "{\"id\":%jd,\"ok\":{},\"error\":{}}"},
	      {.reply = "{\"id\":%jd,\"error\":{\"code\":\"internal\"}}"},
	      {.reply = OK(VM(SANDBOX))});

	(void)state;
	for (size_t i = 0; i + 1 < b.server.count; i++)
		expect_unavailable(&b);
	expect_stat(&b);
}

static void
errors_keep_their_code(void **state)
{
	START(b, {.reply = ERROR("sandbox_capacity")},
	      {.reply = ERROR("stale_operation")},
	      {.reply = ERROR("code_of_the_future")});
	static const enum err_code want[] = {ERR_SANDBOX_CAPACITY,
					     ERR_STALE_OPERATION, ERR_INTERNAL};
	struct vmctl_destroy_args a = {.sandbox = SANDBOX,
				       .has_sandbox = true,
				       .op_id = 2,
				       .has_op_id = true};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct err e = {0};

		assert_int_equal(vmctl_destroy(b.client, &a, &e), -1);
		assert_int_equal(e.code, want[i]);
		assert_string_equal(e.msg, "vmctl destroy: why");
	}
	/* A refusal is an answer: the connection is good. */
	assert_int_equal(b.server.connections, 1);
}

static void
channel_comes_as_a_descriptor(void **state)
{
	START(b, {.reply = OK("{}"), .give_fd = true}, {.reply = OK("{}")});
	struct err e = {0};
	int fd = -1;

	(void)state;
	assert_int_equal(vmctl_open_channel(b.client, SANDBOX, &fd, &e), 0);
	assert_true(fd >= 0);
	close(fd);
	fd = -1;
	assert_int_equal(vmctl_open_channel(b.client, SANDBOX, &fd, &e), -1);
	assert_int_equal(e.code, ERR_VMCTL_UNAVAILABLE);
	assert_int_equal(fd, -1);
}

static void
unasked_descriptor_is_closed(void **state)
{
	START(b, {.reply = OK(VM(SANDBOX)), .give_fd = true},
	      {.reply = ERROR("internal"), .give_fd = true});
	struct vmctl_vm vm;
	struct err e = {0};

	(void)state;
	expect_stat(&b);
	assert_int_equal(vmctl_stat(b.client, SANDBOX, &vm, &e), -1);
	/* Two ends of the one connection are more than before. */
	assert_int_equal(fd_count(), b.fds + 2);
}

struct seen {
	struct vmctl *client; /* NULL: no calls from within */
	int count, stop_at;
	char last[32];
};

static int
see(void *arg, const struct vmctl_vm *vm)
{
	struct seen *s = arg;
	struct vmctl_vm other;
	struct err e;

	if (s->client)
		assert_int_equal(vmctl_stat(s->client, SANDBOX, &other, &e), 0);
	snprintf(s->last, sizeof(s->last), "%s", vm->sandbox);
	return ++s->count == s->stop_at;
}

#define PAGE(vms, more) OK("{\"vms\":[" vms "],\"more\":" more "}")
#define VM_A VM("cage-aaaaaaaaaaaaaaaa")
#define VM_B VM("cage-bbbbbbbbbbbbbbbb")
#define VM_C VM("cage-cccccccccccccccc")

static void
list_goes_over_all_pages(void **state)
{
	START(b, {.reply = PAGE(VM_A "," VM_B, "true")},
	      {.reply = PAGE(VM_C, "false")});
	struct seen s = {.count = 0};
	struct err e = {0};

	(void)state;
	assert_int_equal(vmctl_list(b.client, see, &s, &e), 0);
	assert_int_equal(s.count, 3);
	assert_string_equal(s.last, "cage-cccccccccccccccc");
	assert_non_null(
		strstr(b.server.last, "\"after\":\"cage-bbbbbbbbbbbbbbbb\""));
}

static void
list_stops_when_told(void **state)
{
	START(b, {.reply = PAGE(VM_A "," VM_B, "true")});
	struct seen s = {.stop_at = 1};
	struct err e = {0};

	(void)state;
	assert_int_equal(vmctl_list(b.client, see, &s, &e), 0);
	assert_int_equal(s.count, 1);
	assert_int_equal(b.server.done, 1);
}

static void
list_allows_calls_from_within(void **state)
{
	START(b, {.reply = PAGE(VM_A "," VM_B, "false")},
	      {.reply = OK(VM(SANDBOX))}, {.reply = OK(VM(SANDBOX))});
	struct seen s = {.client = b.client};
	struct err e = {0};

	(void)state;
	assert_int_equal(vmctl_list(b.client, see, &s, &e), 0);
	assert_string_equal(s.last, "cage-bbbbbbbbbbbbbbbb");
}

/* Pages that do not go forward would go on for ever. */
static void
list_must_advance(void **state)
{
	START(b, {.reply = PAGE("", "true")}, {.reply = PAGE(VM_A, "true")},
	      {.reply = PAGE(VM_A, "true")});
	struct seen s = {.count = 0};
	struct err e = {0};

	(void)state;
	assert_int_equal(vmctl_list(b.client, see, &s, &e), -1);
	assert_int_equal(s.count, 0);
	assert_int_equal(vmctl_list(b.client, see, &s, &e), -1);
	assert_int_equal(e.code, ERR_VMCTL_UNAVAILABLE);
	assert_int_equal(s.count, 1);
}

static void
host_info(void **state)
{
	START(b, {.reply = OK("{\"host\":\"h\",\"driver\":\"fake\","
			      "\"accel\":\"fake\",\"vmm_version\":\"\","
			      "\"host_kernel\":\"6\",\"cpus\":2,"
			      "\"memory_bytes\":1,"
			      "\"memory_available_bytes\":1,"
			      "\"disk_free_bytes\":1,\"vms\":0,"
			      "\"templates\":[\"minimal\"]}")});
	struct vmctl_host_info h;
	struct err e = {0};

	(void)state;
	if (vmctl_host_info(b.client, &h, &e) < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(h.driver, "fake");
	assert_int_equal(json_array_size(h.templates), 1);
	assert_non_null(strstr(b.server.last, "\"args\":{}"));
}

static void
nobody_there(void **state)
{
	struct vmctl *c = vmctl_new("/nonexistent/vmctl.sock");
	struct vmctl_vm vm;
	struct err e = {0};
	char path[200];

	(void)state;
	assert_int_equal(vmctl_stat(c, SANDBOX, &vm, &e), -1);
	assert_int_equal(e.code, ERR_VMCTL_UNAVAILABLE);
	vmctl_free(c);
	vmctl_free(NULL);
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_null(vmctl_new(path));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_is_as_the_table_says),
		cmocka_unit_test(connection_is_kept),
		cmocka_unit_test(lost_connection_is_made_again),
		cmocka_unit_test(close_instead_of_an_answer),
		cmocka_unit_test(answer_to_another_request),
		cmocka_unit_test(late_answer_is_not_taken_for_the_next),
		cmocka_unit_test(malformed_answers),
		cmocka_unit_test(errors_keep_their_code),
		cmocka_unit_test(channel_comes_as_a_descriptor),
		cmocka_unit_test(unasked_descriptor_is_closed),
		cmocka_unit_test(list_goes_over_all_pages),
		cmocka_unit_test(list_stops_when_told),
		cmocka_unit_test(list_allows_calls_from_within),
		cmocka_unit_test(list_must_advance),
		cmocka_unit_test(host_info),
		cmocka_unit_test(nobody_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
