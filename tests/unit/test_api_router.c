/* The table of routes: every row is found, and nothing but the rows. */
#include "../support/cmocka_all.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "api/router.h"
#include "err.h"

/* The pattern with `value` in the place of every parameter. */
static void
fill(const char *pattern, const char *value, char *out)
{
	while (*pattern) {
		if (*pattern == '{') {
			strcpy(out, value);
			out += strlen(value);
			pattern = strchr(pattern, '}') + 1;
		} else {
			*out++ = *pattern++;
		}
	}
	*out = '\0';
}

static enum err_code
code_of(const char *method, const char *path, struct route_match *m)
{
	struct err e = {0};

	return router_find(method, path, m, &e) ? e.code : ERR_NONE;
}

/* Parameters may look like anything, even like other rows' segments. */
static void
every_row_is_found(void **state)
{
	static const char *const values[] = {"cage-0123456789abcdef", "x",
					     "\xc3\xa9", "..", "%2e"};

	(void)state;
	for (size_t i = 0; i < routes_count; i++)
		for (size_t v = 0; v < 5; v++) {
			struct route_match m;
			char path[512];

			fill(routes[i].pattern, values[v], path);
			assert_int_equal(code_of(routes[i].method, path, &m),
					 ERR_NONE);
			assert_ptr_equal(m.route, &routes[i]);
			if (strchr(routes[i].pattern, '{'))
				assert_string_equal(m.params[0], values[v]);
		}
}

static void
rows_are_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < routes_count; i++) {
		const struct route *r = &routes[i];
		bool absent = r->flags & ROUTE_ABSENT;

		assert_int_equal(r->pattern[0], '/');
		assert_int_equal(r->handle == NULL, absent);
		for (size_t k = i + 1; k < routes_count; k++)
			assert_false(strcmp(r->method, routes[k].method) == 0 &&
				     strcmp(r->pattern, routes[k].pattern) ==
					     0);
	}
}

/* Only three rows are open, and what changes something is not for readers. */
static void
scopes_fit_the_methods(void **state)
{
	size_t open = 0;

	(void)state;
	for (size_t i = 0; i < routes_count; i++) {
		const struct route *r = &routes[i];

		open += (r->flags & ROUTE_PUBLIC) != 0;
		if (r->flags & ROUTE_ABSENT)
			continue;
		if (strcmp(r->method, "GET") != 0)
			assert_true(r->scope > KEY_SCOPE_read_only);
		if (strstr(r->pattern, "/keys"))
			assert_int_equal(r->scope, KEY_SCOPE_full);
	}
	assert_int_equal(open, 3);
}

static bool
allows(const char *allow, const char *method)
{
	size_t n = strlen(method);

	for (; *allow; allow += strcspn(allow, ",")) {
		allow += strspn(allow, ", ");
		if (strncmp(allow, method, n) == 0 &&
		    (allow[n] == ',' || allow[n] == '\0'))
			return true;
	}
	return false;
}

static void
allow_lists_every_method(void **state)
{
	(void)state;
	for (size_t i = 0; i < routes_count; i++) {
		struct route_match m;
		char path[512];

		fill(routes[i].pattern, "zz", path);
		assert_int_equal(code_of("TRACE", path, &m),
				 ERR_METHOD_NOT_ALLOWED);
		assert_true(allows(m.allow, routes[i].method));
		assert_int_equal(allows(m.allow, "HEAD"),
				 allows(m.allow, "GET"));
		assert_int_equal(code_of("OPTIONS", path, &m),
				 ERR_METHOD_NOT_ALLOWED);
	}
}

static void
head_is_a_get(void **state)
{
	struct route_match get, head;

	(void)state;
	for (size_t i = 0; i < routes_count; i++) {
		char path[512];

		fill(routes[i].pattern, "zz", path);
		assert_int_equal(code_of("HEAD", path, &head),
				 code_of("GET", path, &get));
		assert_ptr_equal(head.route, get.route);
	}
}

static void
methods_are_exact(void **state)
{
	static const char *const methods[] = {"get", "GETT", "GE", "", "PURGE"};
	struct route_match m;

	(void)state;
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(code_of(methods[i], "/healthz", &m),
				 ERR_METHOD_NOT_ALLOWED);
}

static void
paths_are_exact(void **state)
{
	static const char *const paths[] = {
		"",
		"/",
		"//healthz",
		"/healthz/",
		"/healthz?",
		"healthz",
		"/Healthz",
		"/healthzz",
		"/health",
		"/v1/sandboxes/",
		"/v1//sandboxes",
		"/v1/sandboxes//exec",
		"/v1/sandboxes/x/exec/",
		"/v1/sandboxes/x/exec/y/z",
		"/v1/sandboxes/x/files/content/",
		"/v1/sandboxes/{sandbox}x/y",
		"/v2/sandboxes",
	};
	struct route_match m;

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		assert_int_equal(code_of("GET", paths[i], &m), ERR_NOT_FOUND);
		assert_string_equal(m.allow, "");
	}
}

static void
segments_have_a_length(void **state)
{
	char path[512];
	struct route_match m;
	int prefix = sprintf(path, "/v1/sandboxes/");

	(void)state;
	memset(path + prefix, 'x', ROUTE_PARAM_SIZE);
	path[prefix + ROUTE_PARAM_SIZE - 1] = '\0';
	assert_int_equal(code_of("GET", path, &m), ERR_NONE);
	assert_int_equal(strlen(m.params[0]), ROUTE_PARAM_SIZE - 1);
	path[prefix + ROUTE_PARAM_SIZE - 1] = 'x';
	path[prefix + ROUTE_PARAM_SIZE] = '\0';
	assert_int_equal(code_of("GET", path, &m), ERR_NOT_FOUND);
}

static void
both_parameters_are_taken(void **state)
{
	struct route_match m;

	(void)state;
	assert_int_equal(code_of("GET", "/v1/sandboxes/a/exec/b", &m),
			 ERR_NONE);
	assert_string_equal(m.params[0], "a");
	assert_string_equal(m.params[1], "b");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_found),
		cmocka_unit_test(rows_are_whole),
		cmocka_unit_test(scopes_fit_the_methods),
		cmocka_unit_test(allow_lists_every_method),
		cmocka_unit_test(head_is_a_get),
		cmocka_unit_test(methods_are_exact),
		cmocka_unit_test(paths_are_exact),
		cmocka_unit_test(segments_have_a_length),
		cmocka_unit_test(both_parameters_are_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
