#include "query.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "text.h"

static int
name_refused(struct err *e, const char *name, const char *why)
{
	char shown[QUERY_NAME_MAX];

	if (!text_is_utf8(name, strlen(name)))
		name = "?";
	text_copy(shown, sizeof(shown), name);
	/* A cut may have gone through a character. */
	while (shown[0] && !text_is_utf8(shown, strlen(shown)))
		shown[strlen(shown) - 1] = '\0';
	return err_field(e, shown, "query argument %s: %s", shown, why);
}

/* Decodes [s, s + n) into *at and moves *at past its NUL. */
static const char *
decode(char **at, const char *s, size_t n, size_t *out_len)
{
	char *start = *at;
	long len = text_pct_decode(start, s, n, true);

	if (len < 0)
		return NULL;
	*at += len + 1;
	*out_len = (size_t)len;
	return start;
}

static int
add_arg(struct query *q, char **at, const char *s, size_t n, struct err *e)
{
	const char *eq = memchr(s, '=', n);
	size_t name_n = eq ? (size_t)(eq - s) : n;
	size_t value_n = eq ? n - name_n - 1 : 0;
	struct query_arg *a = &q->args[q->count];
	size_t name_len;

	if (q->count == QUERY_ARGS_MAX)
		return err_set(e, ERR_INVALID_REQUEST,
			       "more than %d query arguments", QUERY_ARGS_MAX);
	a->name = decode(at, s, name_n, &name_len);
	if (!a->name || name_len == 0)
		return err_set(e, ERR_INVALID_REQUEST,
			       "malformed name of a query argument");
	if (query_find(q, a->name))
		return name_refused(e, a->name, "given twice");
	a->value = decode(at, eq ? eq + 1 : s + n, value_n, &a->len);
	if (!a->value)
		return name_refused(e, a->name, "malformed percent-encoding");
	q->count++;
	return 0;
}

int
query_init(struct query *q, const char *text, struct err *e)
{
	size_t n = text ? strlen(text) : 0;
	const char *end;
	char *at;

	*q = (struct query){0};
	if (n == 0)
		return 0;
	if (n > QUERY_TEXT_MAX)
		return err_set(e, ERR_URI_TOO_LONG, "query over %d bytes",
			       QUERY_TEXT_MAX);
	/* Each argument takes its bytes and a NUL for name and for value. */
	q->text = malloc(n + (size_t)2 * QUERY_ARGS_MAX + 2);
	if (!q->text)
		return err_errno(e, "query");
	at = q->text;
	for (end = text + n; text < end;) {
		size_t len = strcspn(text, "&");

		if (len > 0 && add_arg(q, &at, text, len, e))
			return -1;
		text += len + (text[len] == '&');
	}
	return 0;
}

void
query_fini(struct query *q)
{
	free(q->text);
	*q = (struct query){0};
}

static bool
name_allowed(const char *name, const char *const *names)
{
	for (; *names; names++) {
		size_t n = strlen(*names);

		if ((*names)[n - 1] == '.' && strncmp(name, *names, n) == 0)
			return true;
		if (strcmp(name, *names) == 0)
			return true;
	}
	return false;
}

int
query_allow(const struct query *q, const char *const *names, struct err *e)
{
	for (size_t i = 0; i < q->count; i++)
		if (!name_allowed(q->args[i].name, names))
			return name_refused(e, q->args[i].name, "unknown");
	return 0;
}

const struct query_arg *
query_find(const struct query *q, const char *name)
{
	for (size_t i = 0; i < q->count; i++)
		if (strcmp(q->args[i].name, name) == 0)
			return &q->args[i];
	return NULL;
}

int
query_text(const struct query *q, const char *name, size_t max,
	   const char **out, struct err *e)
{
	const struct query_arg *a = query_find(q, name);

	if (!a)
		return 0;
	if (a->len == 0 || a->len > max)
		return err_field(e, name, "%s: must be 1 to %zu bytes", name,
				 max);
	if (!text_is_utf8(a->value, a->len))
		return err_field(e, name, "%s: not UTF-8", name);
	*out = a->value;
	return 0;
}

int
query_int(const struct query *q, const char *name, int64_t lo, int64_t hi,
	  int64_t *out, struct err *e)
{
	const struct query_arg *a = query_find(q, name);

	if (!a)
		return 0;
	if (text_int(a->value, lo, hi, out))
		return err_field(e, name,
				 "%s: must be a whole number from "
				 "%lld to %lld",
				 name, (long long)lo, (long long)hi);
	return 0;
}

int
query_bool(const struct query *q, const char *name, bool *out, struct err *e)
{
	static const struct {
		const char *text;
		bool value;
	} words[] = {{"", true},
		     {"true", true},
		     {"1", true},
		     {"false", false},
		     {"0", false}};
	const struct query_arg *a = query_find(q, name);

	if (!a)
		return 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(a->value, words[i].text) == 0) {
			*out = words[i].value;
			return 0;
		}
	return err_field(e, name, "%s: must be true or false", name);
}
