/* A request's query string, percent-decoded. Values may hold any byte but NUL.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

#define QUERY_TEXT_MAX 16384
#define QUERY_ARGS_MAX 32
#define QUERY_NAME_MAX 64

struct query_arg {
	const char *name;
	const char *value; /* NUL-terminated; within query.text */
	size_t len;
};

struct query {
	char *text; /* owned */
	size_t count;
	struct query_arg args[QUERY_ARGS_MAX];
};

/* `text` NULL or "": no arguments. Bad escapes, doubled names and more than
 * QUERY_ARGS_MAX arguments are INVALID_REQUEST that names the argument. Needs
 * query_fini in any case. */
int query_init(struct query *q, const char *text, struct err *e);
void query_fini(struct query *q);

/*
 * INVALID_REQUEST for an argument that `names` (ended by NULL) does not hold;
 * a name there that ends in '.' allows every argument that starts with it.
 */
int query_allow(const struct query *q, const char *const *names, struct err *e);

/* NULL when absent. */
const struct query_arg *query_find(const struct query *q, const char *name);
/* Absent: *out stays as it is. 0 or -1 (not UTF-8, empty or over `max` bytes).
 */
int query_text(const struct query *q, const char *name, size_t max,
	       const char **out, struct err *e);
int query_int(const struct query *q, const char *name, int64_t lo, int64_t hi,
	      int64_t *out, struct err *e);
/* true, false, 1, 0; a name alone is true. */
int query_bool(const struct query *q, const char *name, bool *out,
	       struct err *e);
