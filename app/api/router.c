#include "router.h"

#include <stdbool.h>
#include <string.h>

#include "err.h"
#include "handlers.h"

const struct route routes[] = {
#define ROUTE(method, pattern, scope, handler, flags) \
	{#method, pattern, KEY_SCOPE_##scope, handler, GRANT_OP_COUNT, flags},
#define FILE_ROUTE(method, pattern, scope, op) \
	{#method, pattern,	 KEY_SCOPE_##scope, \
	 h_file,  GRANT_OP_##op, ROUTE_NO_QUERY},
#define LATER(method, pattern) \
	{#method, pattern,	  KEY_SCOPE_read_only, \
	 NULL,	  GRANT_OP_COUNT, ROUTE_ABSENT},
#include "routes.def"
#undef ROUTE
#undef FILE_ROUTE
#undef LATER
};

const size_t routes_count = sizeof(routes) / sizeof(routes[0]);

/* Takes the segment of `path` that a parameter stands for. */
static bool
take_param(const char **path, char *out)
{
	size_t n = strcspn(*path, "/");

	if (n == 0 || n >= ROUTE_PARAM_SIZE)
		return false;
	memcpy(out, *path, n);
	out[n] = '\0';
	*path += n;
	return true;
}

static bool
pattern_matches(const char *pattern, const char *path,
		char params[][ROUTE_PARAM_SIZE])
{
	size_t count = 0;

	while (*pattern) {
		if (*pattern == '{') {
			if (count == ROUTE_PARAMS_MAX ||
			    !take_param(&path, params[count++]))
				return false;
			pattern = strchr(pattern, '}') + 1;
		} else if (*pattern++ != *path++) {
			return false;
		}
	}
	return *path == '\0';
}

static void
add_allowed(char *allow, size_t size, const char *method)
{
	size_t n = strlen(allow);
	size_t more = strlen(method);

	if (n + more + 3 > size)
		return;
	if (n > 0)
		memcpy(allow + n, ", ", 3);
	memcpy(allow + n + (n > 0 ? 2 : 0), method, more + 1);
}

int
router_find(const char *method, const char *path, struct route_match *out,
	    struct err *e)
{
	struct route_match m = {0};
	const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;
	char params[ROUTE_PARAMS_MAX][ROUTE_PARAM_SIZE] = {{0}};

	for (size_t i = 0; i < routes_count; i++) {
		if (!pattern_matches(routes[i].pattern, path, params))
			continue;
		if (!m.route && strcmp(routes[i].method, wanted) == 0) {
			m.route = &routes[i];
			memcpy(m.params, params, sizeof(params));
		}
		add_allowed(m.allow, sizeof(m.allow), routes[i].method);
		if (strcmp(routes[i].method, "GET") == 0)
			add_allowed(m.allow, sizeof(m.allow), "HEAD");
	}
	*out = m;
	if (m.route)
		return 0;
	if (m.allow[0])
		return err_set(e, ERR_METHOD_NOT_ALLOWED,
			       "this path does not take %s", method);
	return err_set(e, ERR_NOT_FOUND, "there is nothing at this path");
}
