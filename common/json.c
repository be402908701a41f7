/* Strict reading and compact writing of JSON; declared in field.h. */
#include "field.h"

#include <string.h>

#include "err.h"

/*
 * How deep brackets nest, outside of strings. The parser recurses once a level,
 * so this comes before it. Wrong nesting is its business.
 */
static unsigned
deepest(const char *s, size_t n)
{
	unsigned depth = 0, most = 0;
	bool string = false;

	for (size_t i = 0; i < n; i++) {
		if (string && s[i] == '\\')
			i++;
		else if (s[i] == '"')
			string = !string;
		else if (string)
			continue;
		else if (s[i] == '[' || s[i] == '{')
			most = ++depth > most ? depth : most;
		else if ((s[i] == ']' || s[i] == '}') && depth > 0)
			depth--;
	}
	return most;
}

/* The parser's own text quotes the input, which may hold a secret. */
static void
explain(const json_error_t *je, struct err *e)
{
	switch (json_error_code(je)) {
	case json_error_out_of_memory:
		err_set(e, ERR_INTERNAL, "out of memory");
		break;
	case json_error_duplicate_key:
		err_set(e, ERR_INVALID_REQUEST,
			"JSON has a key twice, at line %d, column %d", je->line,
			je->column);
		break;
	case json_error_numeric_overflow:
		err_set(e, ERR_INVALID_REQUEST,
			"JSON has a number that is too big, at line %d, column "
			"%d",
			je->line, je->column);
		break;
	default:
		err_set(e, ERR_INVALID_REQUEST,
			"not valid JSON, at line %d, column %d", je->line,
			je->column);
		break;
	}
}

json_t *
json_parse(const char *text, size_t len, unsigned depth, struct err *e)
{
	json_error_t je;
	json_t *j;

	if (memchr(text, '\0', len)) {
		err_set(e, ERR_INVALID_REQUEST, "JSON has a NUL byte");
		return NULL;
	}
	if (deepest(text, len) > depth) {
		err_set(e, ERR_INVALID_REQUEST,
			"JSON is nested deeper than %u levels", depth);
		return NULL;
	}
	j = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY,
		       &je);
	if (!j)
		explain(&je, e);
	return j;
}

char *
json_text(const json_t *j)
{
	return json_dumps(j, JSON_COMPACT | JSON_ENCODE_ANY);
}
