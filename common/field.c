#include "field.h"

#include <stdio.h>
#include <string.h>

#include "err.h"

#define KIND_SIZE 96

static bool
within(const struct field *f, int64_t v)
{
	return v >= f->lo && v <= f->hi;
}

/* Each reader stores the value and says whether it was right. */
static bool
read_str(const struct field *f, json_t *v, void *to)
{
	const char *s = json_string_value(v);

	if (!s || strlen(s) != json_string_length(v) ||
	    !within(f, (int64_t)json_string_length(v)))
		return false;
	*(const char **)to = s;
	return true;
}

static bool
read_int(const struct field *f, json_t *v, void *to)
{
	if (!json_is_integer(v) || !within(f, json_integer_value(v)))
		return false;
	*(int64_t *)to = json_integer_value(v);
	return true;
}

static bool
read_num(const struct field *f, json_t *v, void *to)
{
	double d = json_number_value(v);

	if (!json_is_number(v) || d < (double)f->lo || d > (double)f->hi)
		return false;
	*(double *)to = d;
	return true;
}

static bool
read_bool(const struct field *f, json_t *v, void *to)
{
	(void)f;
	if (!json_is_boolean(v))
		return false;
	*(bool *)to = json_is_true(v);
	return true;
}

static bool
read_obj(const struct field *f, json_t *v, void *to)
{
	if (!json_is_object(v) || !within(f, (int64_t)json_object_size(v)))
		return false;
	*(json_t **)to = v;
	return true;
}

static bool
read_arr(const struct field *f, json_t *v, void *to)
{
	if (!json_is_array(v) || !within(f, (int64_t)json_array_size(v)))
		return false;
	*(json_t **)to = v;
	return true;
}

static json_t *
write_str(const void *from)
{
	return json_string(*(const char *const *)from);
}

static json_t *
write_int(const void *from)
{
	return json_integer(*(const int64_t *)from);
}

static json_t *
write_num(const void *from)
{
	return json_real(*(const double *)from);
}

static json_t *
write_bool(const void *from)
{
	return json_boolean(*(const bool *)from);
}

static json_t *
write_ref(const void *from)
{
	return json_incref(*(json_t *const *)from);
}

struct kind {
	const char *what;
	const char *one, *many; /* what is counted; NULL: a value, or neither */
	bool (*read)(const struct field *f, json_t *v, void *to);
	json_t *(*write)(const void *from);
};

static const struct kind kinds[] = {
	[FIELD_STR] = {"a string", "byte", "bytes", read_str, write_str},
	[FIELD_INT] = {"an integer", NULL, NULL, read_int, write_int},
	[FIELD_NUM] = {"a number", NULL, NULL, read_num, write_num},
	[FIELD_BOOL] = {"true or false", NULL, NULL, read_bool, write_bool},
	[FIELD_OBJ] = {"an object", "member", "members", read_obj, write_ref},
	[FIELD_ARR] = {"an array", "item", "items", read_arr, write_ref},
};

/* "a string of 1 to 80 bytes" */
static void
describe_count(char out[KIND_SIZE], const struct kind *k, intmax_t lo,
	       intmax_t hi)
{
	const char *unit = hi == 1 ? k->one : k->many;

	if (lo == hi)
		snprintf(out, KIND_SIZE, "%s of %jd %s", k->what, hi, unit);
	else if (lo == 0)
		snprintf(out, KIND_SIZE, "%s of at most %jd %s", k->what, hi,
			 unit);
	else
		snprintf(out, KIND_SIZE, "%s of %jd to %jd %s", k->what, lo, hi,
			 unit);
}

/* "an integer from 1 to 8" */
static void
describe_range(char out[KIND_SIZE], const struct kind *k, intmax_t lo,
	       intmax_t hi)
{
	if (lo == INT64_MIN && hi == INT64_MAX)
		snprintf(out, KIND_SIZE, "%s", k->what);
	else if (hi == INT64_MAX)
		snprintf(out, KIND_SIZE, "%s of at least %jd", k->what, lo);
	else if (lo == INT64_MIN)
		snprintf(out, KIND_SIZE, "%s of at most %jd", k->what, hi);
	else
		snprintf(out, KIND_SIZE, "%s from %jd to %jd", k->what, lo, hi);
}

/* What the field must be, for an error's text. */
static void
describe(char out[KIND_SIZE], const struct field *f)
{
	const struct kind *k = &kinds[f->type];

	if (f->type == FIELD_BOOL)
		snprintf(out, KIND_SIZE, "%s", k->what);
	else if (k->many)
		describe_count(out, k, f->lo, f->hi);
	else
		describe_range(out, k, f->lo, f->hi);
}

static const struct field *
find(const struct field_table *t, const char *name)
{
	for (size_t i = 0; i < t->count; i++)
		if (strcmp(t->fields[i].name, name) == 0)
			return &t->fields[i];
	return NULL;
}

static int
read_one(const struct field *f, json_t *obj, char *out, struct err *e)
{
	json_t *v = json_object_get(obj, f->name);
	char must[KIND_SIZE];

	if (!v && (f->flags & FIELD_REQUIRED))
		return err_field(e, f->name, "%s is missing", f->name);
	if (!v || (json_is_null(v) && (f->flags & FIELD_NULLABLE)))
		return 0;
	if (!kinds[f->type].read(f, v, out + f->offset)) {
		describe(must, f);
		return err_field(e, f->name, "%s must be %s", f->name, must);
	}
	*(bool *)(out + f->has_offset) = true;
	return 0;
}

int
field_read(const struct field_table *t, json_t *obj, void *out, struct err *e)
{
	const char *name;
	json_t *v;

	memset(out, 0, t->size);
	if (!json_is_object(obj))
		return err_set(e, ERR_INVALID_REQUEST,
			       "a JSON object is needed");
	json_object_foreach(obj, name, v) {
		if (!find(t, name))
			return err_field(e, name, "%.64s is not a known field",
					 name);
	}
	for (size_t i = 0; i < t->count; i++)
		if (read_one(&t->fields[i], obj, out, e) < 0)
			return -1;
	return 0;
}

json_t *
field_write(const struct field_table *t, const void *in)
{
	const char *from = in;
	json_t *obj = json_object();

	for (size_t i = 0; obj && i < t->count; i++) {
		const struct field *f = &t->fields[i];

		if (!*(const bool *)(from + f->has_offset))
			continue;
		if (json_object_set_new(
			    obj, f->name,
			    kinds[f->type].write(from + f->offset)) < 0) {
			json_decref(obj);
			return NULL;
		}
	}
	return obj;
}
