/*
 * Whole requests, with no database and no vmctl behind: what is refused, in
 * which order, and how it looks.
 */
#include "../support/cmocka_all.h"
#include "../support/fake_source.h"

#include <jansson.h>
#include <stdlib.h>

#include "api/api.h"
#include "api/dispatch.h"
#include "api/gate.h"
#include "api/rate.h"
#include "api/response.h"
#include "api/router.h"
#include "auto.h"
#include "err.h"
#include "log.h"
#include "model/grant.h"
#include "model/req.h"
#include "store/store.h"
#include "vmctl_client.h"

#define KEY "caged_sk_0123456789abcdefghijABCDEFGHIJ_-0123456789a"
#define BOX "/v1/sandboxes/cage-0123456789abcdef"

static struct conf conf;
static struct api api = {.conf = &conf, .host = "host-a"};

static int
set_up(void **state)
{
	struct err e;

	(void)state;
	log_init("test", LOG_LEVEL_ERROR);
	assert_int_equal(conf_load(&conf, NULL, &e), 0);
	strcpy(conf.db_socket, "/nonexistent/mysql.sock");
	strcpy(conf.vmctl_socket, "/nonexistent/vmctl.sock");
	strcpy(conf.gateway_socket, "/nonexistent/gateway.sock");
	api.rate = rate_new(&e);
	api.gate = gate_new(4, &e);
	api.store = store_open(&conf, "nobody", &e);
	api.vmctl = vmctl_new(conf.vmctl_socket);
	return !(api.rate && api.gate && api.store && api.vmctl);
}

static int
tear_down(void **state)
{
	(void)state;
	vmctl_free(api.vmctl);
	store_close(api.store);
	gate_free(api.gate);
	rate_free(api.rate);
	return 0;
}

struct answer {
	struct response r;
	json_t *body;
};

static void
answer_fini(struct answer *a)
{
	response_fini(&a->r);
	json_decref(a->body);
}

#define auto_answer __attribute__((cleanup(answer_fini)))

static struct answer
ask(struct fake_source *f)
{
	const struct request_source source = fake_request(f);
	struct answer a;

	response_init(&a.r);
	dispatch(&api, &source, &a.r);
	a.body = a.r.body.len > 0 ? json_loads(buf_str(&a.r.body),
					       JSON_REJECT_DUPLICATES, NULL)
				  : NULL;
	return a;
}

static struct answer
ask_for(const char *method, const char *path, const char *authorization)
{
	struct fake_source f = {{{"REQUEST_METHOD", method},
				 {"DOCUMENT_URI", path},
				 {"REQUEST_ID", "request-1"},
				 {"HTTP_AUTHORIZATION", authorization}},
				NULL,
				false};

	return ask(&f);
}

static const char *
code_of(const struct answer *a)
{
	const char *code = "";

	json_unpack(a->body, "{s:{s:s}}", "reason", "code", &code);
	return code;
}

static bool
has(const struct answer *a, const char *header)
{
	return strstr(buf_str(&a->r.headers), header) != NULL;
}

static void
is_problem(const struct answer *a, int status, const char *code)
{
	assert_int_equal(a->r.status, status);
	assert_true(has(a, "Content-Type: application/problem+json\r\n"));
	assert_string_equal(code_of(a), code);
	assert_string_equal(
		json_string_value(json_object_get(a->body, "instance")),
		"request-1");
}

static void
health_needs_nothing(void **state)
{
	auto_answer struct answer live = ask_for("GET", "/healthz", NULL);
	auto_answer struct answer ready = ask_for("GET", "/readyz", NULL);

	(void)state;
	assert_int_equal(live.r.status, 200);
	is_problem(&ready, 503, "database_unavailable");
}

static void
unknown_paths_need_no_key(void **state)
{
	static const char *const paths[] = {"/v1/nothing", "/", "/\xff",
					    "/a\nb", "/v1/sandboxes/"};

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		auto_answer struct answer a = ask_for("GET", paths[i], NULL);

		is_problem(&a, 404, "not_found");
	}
}

static void
wrong_methods_are_told_the_right_ones(void **state)
{
	auto_answer struct answer a = ask_for("PUT", "/v1/sandboxes", NULL);
	auto_answer struct answer lower = ask_for("get", "/healthz", NULL);
	auto_answer struct answer none = ask_for("", "/healthz", NULL);

	(void)state;
	is_problem(&a, 405, "method_not_allowed");
	assert_true(has(&a, "Allow: POST, GET, HEAD\r\n"));
	is_problem(&lower, 405, "method_not_allowed");
	is_problem(&none, 405, "method_not_allowed");
}

static void
options_lists_the_methods(void **state)
{
	auto_answer struct answer a = ask_for("OPTIONS", BOX, NULL);
	auto_answer struct answer none = ask_for("OPTIONS", "/nothing", NULL);

	(void)state;
	assert_int_equal(a.r.status, 204);
	assert_int_equal(a.r.body.len, 0);
	assert_true(has(&a, "Allow: GET, HEAD, PATCH, DELETE\r\n"));
	is_problem(&none, 404, "not_found");
}

/* Rows of what comes later too: nobody learns more without a key. */
static void
everything_else_needs_a_key(void **state)
{
	static const char *const headers[] = {NULL, "", "Bearer x",
					      "Basic eDp5"};

	(void)state;
	for (size_t i = 0; i < routes_count; i++)
		for (size_t h = 0; h < 4; h++) {
			auto_answer struct answer a = {0};

			if (routes[i].flags & ROUTE_PUBLIC)
				continue;
			a = ask_for(routes[i].method, routes[i].pattern,
				    headers[h]);
			is_problem(&a, 401, "unauthenticated");
			assert_true(has(&a, "WWW-Authenticate: Bearer"));
			assert_false(has(&a, "X-RateLimit"));
		}
}

static void
no_database_is_told_so(void **state)
{
	auto_answer struct answer a = ask_for("GET", BOX, "Bearer " KEY);

	(void)state;
	is_problem(&a, 503, "database_unavailable");
	assert_true(has(&a, "Retry-After: 2\r\n"));
	assert_null(strstr(buf_str(&a.r.body), "caged_sk_"));
	assert_null(strstr(buf_str(&a.r.body), "/nonexistent"));
}

static void
queries_are_read_after_the_key(void **state)
{
	struct fake_source f = {{{"REQUEST_METHOD", "GET"},
				 {"DOCUMENT_URI", "/healthz"},
				 {"REQUEST_ID", "request-1"},
				 {"QUERY_STRING", "limit=1&limit=2"}},
				NULL,
				false};
	auto_answer struct answer open_route = ask(&f);
	auto_answer struct answer a = {0};

	(void)state;
	is_problem(&open_route, 400, "invalid_request");
	f.params[1].value = "/v1/sandboxes";
	a = ask(&f);
	is_problem(&a, 401, "unauthenticated");
}

static void
long_request_ids_are_refused(void **state)
{
	char id[128];
	struct fake_source f = {{{"REQUEST_METHOD", "GET"},
				 {"DOCUMENT_URI", "/healthz"},
				 {"REQUEST_ID", id}},
				NULL,
				false};
	auto_answer struct answer a = {0};

	(void)state;
	memset(id, 'a', sizeof(id) - 1);
	id[sizeof(id) - 1] = '\0';
	a = ask(&f);
	assert_int_equal(a.r.status, 400);
}

/* The grant of an answer, verified as the gateway would. */
static struct grant
grant_of(const struct answer *a, const char *method, const char *path)
{
	const char *at = strstr(buf_str(&a->r.headers), GRANT_HEADER ": ");
	char token[GRANT_TEXT_MAX], jti[33];
	struct grant g = {0};
	struct err e;
	size_t n;

	assert_non_null(at);
	at += strlen(GRANT_HEADER ": ");
	n = strcspn(at, "\r");
	memcpy(token, at, n);
	token[n] = '\0';
	assert_int_equal(grant_verify(token, api.grant_key, "host-a", method,
				      path, &g, jti, &e),
			 0);
	return g;
}

static struct answer
authorize(const char *method, const char *path, const char *authorization)
{
	struct fake_source f = {{{"REQUEST_METHOD", "GET"},
				 {"DOCUMENT_URI", "/internal/authorize"},
				 {"REQUEST_ID", "request-1"},
				 {"CAGED_METHOD", method},
				 {"CAGED_URI", path},
				 {"QUERY_STRING", "path=%zz&path=1"},
				 {"HTTP_AUTHORIZATION", authorization}},
				NULL,
				false};

	return ask(&f);
}

/* The web server would make a 500 of any other status. */
static void
uploads_are_refused_in_the_grant(void **state)
{
	static const struct {
		const char *method, *path, *authorization;
		enum err_code code;
	} cases[] = {
		{"PUT", BOX "/files", NULL, ERR_UNAUTHENTICATED},
		{"PUT", BOX "/files", "Bearer x", ERR_UNAUTHENTICATED},
		{"PUT", BOX "/files", "Bearer " KEY, ERR_DATABASE_UNAVAILABLE},
		{"PUT", BOX "/nothing", NULL, ERR_NOT_FOUND},
		{"PUT", BOX, NULL, ERR_METHOD_NOT_ALLOWED},
		{"GET", "/healthz", NULL, ERR_NOT_FOUND},
		{"GET", "/internal/authorize", NULL, ERR_NOT_FOUND},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_answer struct answer a = authorize(
			cases[i].method, cases[i].path, cases[i].authorization);
		struct grant g = grant_of(&a, cases[i].method, cases[i].path);

		assert_int_equal(a.r.status, 204);
		assert_int_equal(a.r.body.len, 0);
		assert_int_equal(g.op, GRANT_OP_refuse);
		assert_int_equal(g.refusal.code, cases[i].code);
		assert_string_equal(g.request_id, "request-1");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(health_needs_nothing),
		cmocka_unit_test(unknown_paths_need_no_key),
		cmocka_unit_test(wrong_methods_are_told_the_right_ones),
		cmocka_unit_test(options_lists_the_methods),
		cmocka_unit_test(everything_else_needs_a_key),
		cmocka_unit_test(no_database_is_told_so),
		cmocka_unit_test(queries_are_read_after_the_key),
		cmocka_unit_test(long_request_ids_are_refused),
		cmocka_unit_test(uploads_are_refused_in_the_grant),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
