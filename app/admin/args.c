#include "admin/args.h"

#include <string.h>

#include "admin/admin.h"

static int
take_option(struct admin *a, int *i, const struct args_option *options,
	    struct err *e)
{
	const char *name = a->argv[*i];

	for (const struct args_option *o = options; o->name; o++) {
		if (strcmp(o->name, name) != 0)
			continue;
		if (!o->value) {
			*o->flag = true;
			return 0;
		}
		if (++*i == a->argc)
			return err_set(e, ERR_INVALID_REQUEST,
				       "%s wants a value", name);
		*o->value = a->argv[*i];
		return 0;
	}
	return err_set(e, ERR_INVALID_REQUEST, "unknown option %s", name);
}

int
args_take(struct admin *a, const struct args_option *options, const char **out,
	  int want, struct err *e)
{
	int n = 0;

	for (int i = 0; i < a->argc; i++) {
		if (a->argv[i][0] == '-') {
			if (take_option(a, &i, options, e) < 0)
				return -1;
			continue;
		}
		if (n == want)
			return err_set(e, ERR_INVALID_REQUEST,
				       "unexpected argument %s", a->argv[i]);
		out[n++] = a->argv[i];
	}
	if (n < want)
		return err_set(e, ERR_INVALID_REQUEST,
			       "an argument is missing");
	return 0;
}
