#include "req.h"

#include <stdio.h>
#include <string.h>

#include "auto.h"
#include "err.h"
#include "field.h"
#include "sandbox.h"
#include "text.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

json_t *
req_parse(const void *text, size_t len, struct err *e)
{
	auto_json json_t *j = NULL;
	size_t i = 0;

	if (len > REQ_BODY_MAX) {
		err_set(e, ERR_BODY_TOO_LARGE, "body over %d bytes",
			REQ_BODY_MAX);
		return NULL;
	}
	while (i < len && is_blank(((const char *)text)[i]))
		i++;
	if (i == len)
		return json_object();
	j = json_parse(text, len, REQ_DEPTH, e);
	if (j && !json_is_object(j)) {
		err_set(e, ERR_INVALID_REQUEST, "body: must be a JSON object");
		return NULL;
	}
	return steal_ptr(&j);
}

/* Names the member `key` of the object `field`, as much of it as fits. */
static int
member_refused(struct err *e, const char *field, const char *key,
	       const char *why)
{
	char name[ERR_FIELD_SIZE];
	int n = snprintf(name, sizeof(name), "%s.%s", field, key);

	/* A long name cut within a character would not be UTF-8. */
	if (n < 0 || n >= (int)sizeof(name))
		snprintf(name, sizeof(name), "%s", field);
	return err_field(e, name, "%s: %s", name, why);
}

/* A shell must be able to export it. */
static bool
env_name_valid(const char *s)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz_"
				      "0123456789";
	size_t n = strlen(s);

	return n > 0 && n <= REQ_ENV_NAME_MAX && strspn(s, letters) == n &&
	       !(s[0] >= '0' && s[0] <= '9');
}

int
req_check_env(json_t *env, struct err *e)
{
	auto_free char *text = NULL;
	const char *key;
	json_t *value;

	if (!env)
		return 0;
	json_object_foreach(env, key, value) {
		if (!env_name_valid(key))
			return member_refused(e, "env", key,
					      "not a variable's name");
		if (!json_is_string(value))
			return member_refused(e, "env", key,
					      "must be a string");
	}
	text = json_text(env);
	if (!text)
		return err_set(e, ERR_INTERNAL, "env: out of memory");
	if (strlen(text) > REQ_ENV_TEXT_MAX)
		return err_field(e, "env", "env: over %d bytes as JSON",
				 REQ_ENV_TEXT_MAX);
	return 0;
}

int
req_check_metadata(json_t *metadata, struct err *e)
{
	auto_free char *text = NULL;
	const char *key;
	json_t *value;

	if (!metadata)
		return 0;
	json_object_foreach(metadata, key, value) {
		if (!key[0])
			return err_field(e, "metadata", "metadata: empty name");
		if (!json_is_string(value))
			return member_refused(e, "metadata", key,
					      "must be a string");
	}
	text = json_text(metadata);
	if (!text)
		return err_set(e, ERR_INTERNAL, "metadata: out of memory");
	if (strlen(text) > SANDBOX_METADATA_MAX)
		return err_field(e, "metadata",
				 "metadata: over %d bytes as JSON",
				 SANDBOX_METADATA_MAX);
	return 0;
}

int
req_check_label(const char *field, const char *text, struct err *e)
{
	for (; text && *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return err_field(e, field, "%s: no control characters",
					 field);
	return 0;
}

static bool
is_neutral(const json_t *v, const char *word)
{
	switch (json_typeof(v)) {
	case JSON_NULL:
	case JSON_FALSE:
		return true;
	case JSON_STRING:
		return json_string_length(v) == 0 ||
		       (word && strcmp(json_string_value(v), word) == 0);
	case JSON_INTEGER:
	case JSON_REAL:
		return json_number_value(v) == 0;
	case JSON_ARRAY:
		return json_array_size(v) == 0;
	case JSON_OBJECT:
		return json_object_size(v) == 0;
	default:
		return false;
	}
}

int
req_refuse_later(const json_t *body, const struct req_later *rows, size_t n,
		 struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		const json_t *v = json_object_get(body, rows[i].name);

		if (!v || is_neutral(v, rows[i].neutral))
			continue;
		err_set(e, ERR_NOT_IMPLEMENTED,
			"%s: this server cannot do that yet", rows[i].name);
		text_copy(e->field, sizeof(e->field), rows[i].name);
		return -1;
	}
	return 0;
}
