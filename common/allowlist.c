#include "allowlist.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "auto.h"
#include "buf.h"
#include "err.h"
#include "text.h"

#define FIELD "allowlist"
#define LABEL_MAX 63

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_ldh(char c)
{
	return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-';
}

/* The length of the label that p starts with; 0: it is none. */
static size_t
label_length(const char *p)
{
	size_t n = 0;

	while (is_ldh(p[n]))
		n++;
	if (n > LABEL_MAX || (n > 0 && (p[0] == '-' || p[n - 1] == '-')))
		return 0;
	return n;
}

/* A name whose last label is a number could be read as an address. */
static bool
is_host_name(const char *name)
{
	unsigned labels = 0;
	const char *p = name;
	bool number = true;

	for (;;) {
		size_t n = label_length(p);

		if (n == 0)
			return false;
		labels++;
		number = strspn(p, "0123456789") == n;
		p += n;
		if (*p == '\0')
			return labels >= 2 && !number;
		if (*p++ != '.')
			return false;
	}
}

static char
lower(char c)
{
	static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	static const char small[] = "abcdefghijklmnopqrstuvwxyz";
	const char *p = strchr(upper, c);

	if (!p || *p == '\0')
		return c;
	return small[p - upper];
}

int
allowlist_name(const char *name, char out[ALLOWLIST_NAME_MAX + 1])
{
	char text[ALLOWLIST_NAME_MAX + 1];
	size_t n;

	if (strncmp(name, "*.", 2) == 0)
		name += 2;
	n = strlen(name);
	if (n > 0 && name[n - 1] == '.')
		n--;
	if (n == 0 || n > ALLOWLIST_NAME_MAX)
		return -1;
	for (size_t i = 0; i < n; i++)
		text[i] = lower(name[i]);
	text[n] = '\0';
	if (!is_host_name(text))
		return -1;
	return text_copy(out, ALLOWLIST_NAME_MAX + 1, text);
}

/* Whether `line`, with its end, is one of the text's. */
static bool
has_line(const char *text, const char *line)
{
	size_t n = strlen(line);
	const char *p = text;

	while ((p = strstr(p, line))) {
		if (p == text || p[-1] == '\n')
			return true;
		p += n;
	}
	return false;
}

static int
add_name(struct buf *out, const char *name, size_t i, struct err *e)
{
	char plain[ALLOWLIST_NAME_MAX + 1], line[ALLOWLIST_NAME_MAX + 2];

	if (!name || allowlist_name(name, plain) < 0)
		return err_field(e, FIELD,
				 "entry %zu is not a host name of letters, "
				 "digits and hyphens",
				 i);
	snprintf(line, sizeof(line), "%s\n", plain);
	if (has_line(buf_str(out), line))
		return 0;
	if (out->len + strlen(line) > ALLOWLIST_TEXT_MAX ||
	    buf_addstr(out, line) < 0)
		return err_field(e, FIELD, "longer than %d bytes",
				 ALLOWLIST_TEXT_MAX);
	return 0;
}

int
allowlist_read(const json_t *array, struct buf *out, struct err *e)
{
	size_t count = json_array_size(array);

	if (count > ALLOWLIST_MAX)
		return err_field(e, FIELD, "at most %d names", ALLOWLIST_MAX);
	for (size_t i = 0; i < count; i++) {
		const json_t *item = json_array_get(array, i);

		if (add_name(out, json_string_value(item), i, e) < 0)
			return -1;
	}
	return 0;
}

json_t *
allowlist_json(const char *text)
{
	json_t *array = json_array();

	for (const char *p = text, *end; (end = strchr(p, '\n')); p = end + 1) {
		if (json_array_append_new(
			    array, json_stringn(p, (size_t)(end - p))) < 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

int
allowlist_check(const char *text, struct err *e)
{
	auto_json json_t *array = allowlist_json(text);
	auto_buf struct buf again = {0};

	buf_init(&again, ALLOWLIST_TEXT_MAX);
	if (!array)
		return err_set(e, ERR_INTERNAL, "no memory");
	if (allowlist_read(array, &again, e) < 0)
		return -1;
	return strcmp(buf_str(&again), text) == 0
		       ? 0
		       : err_field(e, FIELD, "not in its canonical form");
}
