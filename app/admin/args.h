/* The arguments of one command: positional ones and --options. */
#pragma once

#include <stdbool.h>

struct admin;
struct err;

struct args_option {
	const char *name;   /* "--plan" */
	const char **value; /* NULL: a flag */
	bool *flag;
};

/*
 * Exactly `want` positional arguments go to `out`; the options end with one
 * that has no name. INVALID_REQUEST otherwise. Borrowed from argv.
 */
int args_take(struct admin *a, const struct args_option *options,
	      const char **out, int want, struct err *e);
