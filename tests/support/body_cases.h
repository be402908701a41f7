/*
 * Wrong bodies made from a table of fields: each field missing, of every other
 * type, too small, too large; unknown and doubled fields. Every one must be
 * refused with INVALID_REQUEST that names the field.
 */
#pragma once

#include "cmocka_all.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "err.h"
#include "field.h"
#include "model/problem.h"
#include "model/req.h"

struct body {
	const struct field_table *table;
	const char *valid; /* a body that is taken, as small as may be */
	int (*read)(json_t *body, struct err *e);
};

static inline json_t *
body_valid(const struct body *b)
{
	struct err e;
	json_t *j = req_parse(b->valid, strlen(b->valid), &e);

	assert_non_null(j);
	assert_int_equal(b->read(j, &e), 0);
	return j;
}

/* Reads the body and takes it over. */
static inline void
body_refused(const struct body *b, json_t *j, const char *field)
{
	struct err e = {0};
	auto_json json_t *problem = NULL;

	assert_int_equal(b->read(j, &e), -1);
	assert_int_equal(e.code, ERR_INVALID_REQUEST);
	assert_string_equal(e.field, field);
	problem = problem_json(&e, "request-1", NULL, NULL);
	assert_non_null(problem);
	json_decref(j);
}

static inline void
body_with(const struct body *b, const struct field *f, json_t *value)
{
	json_t *j = body_valid(b);

	assert_int_equal(json_object_set_new(j, f->name, value), 0);
	body_refused(b, j, f->name);
}

static inline bool
body_takes(const struct field *f, const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_NULL:
		return f->flags & FIELD_NULLABLE;
	case JSON_STRING:
		return f->type == FIELD_STR;
	case JSON_INTEGER:
		return f->type == FIELD_INT || f->type == FIELD_NUM;
	case JSON_REAL:
		return f->type == FIELD_NUM;
	case JSON_ARRAY:
		return f->type == FIELD_ARR;
	case JSON_OBJECT:
		return f->type == FIELD_OBJ;
	default:
		return f->type == FIELD_BOOL;
	}
}

static inline void
body_mistyped(const struct body *b, const struct field *f)
{
	json_t *samples[] = {json_null(),     json_true(),    json_string("x"),
			     json_integer(2), json_real(2.5), json_array(),
			     json_object()};

	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
		if (!body_takes(f, samples[i]))
			body_with(b, f, samples[i]);
		else
			json_decref(samples[i]);
}

/* A value of the field's type and of that size; NULL where there is none. */
static inline json_t *
body_sized(const struct field *f, int64_t size)
{
	auto_free char *text = NULL;
	json_t *j;

	if (f->type == FIELD_INT || f->type == FIELD_NUM)
		return json_integer(size);
	if (size < 0)
		return NULL;
	if (f->type == FIELD_STR) {
		text = malloc((size_t)size + 1);
		memset(text, 'x', (size_t)size);
		text[size] = '\0';
		return json_string(text);
	}
	j = f->type == FIELD_ARR ? json_array() : json_object();
	for (int64_t i = 0; i < size; i++) {
		char name[24];

		snprintf(name, sizeof(name), "N%lld", (long long)i);
		if (f->type == FIELD_ARR)
			json_array_append_new(j, json_string("x"));
		else
			json_object_set_new(j, name, json_string("x"));
	}
	return j;
}

static inline void
body_out_of_range(const struct body *b, const struct field *f)
{
	json_t *small, *large;

	if (f->type == FIELD_BOOL)
		return;
	small = body_sized(f, f->lo - 1);
	large = body_sized(f, f->hi + 1);
	if (small)
		body_with(b, f, small);
	body_with(b, f, large);
}

static inline void
body_missing(const struct body *b, const struct field *f)
{
	json_t *j = body_valid(b);

	json_object_del(j, f->name);
	if (f->flags & FIELD_REQUIRED)
		body_refused(b, j, f->name);
	else
		json_decref(j);
}

static inline void
body_unknown(const struct body *b)
{
	json_t *j = body_valid(b);

	json_object_set_new(j, "no_such_field", json_true());
	body_refused(b, j, "no_such_field");
}

static inline void
body_doubled(const struct field *f)
{
	char text[256];
	struct err e = {0};

	snprintf(text, sizeof(text), "{\"%s\":1,\"%s\":1}", f->name, f->name);
	assert_null(req_parse(text, strlen(text), &e));
	assert_int_equal(e.code, ERR_INVALID_REQUEST);
}

static inline void
body_cases(const struct body *b)
{
	json_decref(body_valid(b));
	body_unknown(b);
	for (size_t i = 0; i < b->table->count; i++) {
		const struct field *f = &b->table->fields[i];

		body_missing(b, f);
		body_mistyped(b, f);
		body_out_of_range(b, f);
		body_doubled(f);
	}
}

/* The body of that text: 0 or the code it is refused with; *out_field gets the
 * field's name when not NULL. */
static inline enum err_code
body_code(int (*read)(json_t *body, struct err *e), const char *text,
	  char *out_field)
{
	struct err e = {0};
	auto_json json_t *j = req_parse(text, strlen(text), &e);

	if (j && read(j, &e) == 0)
		return ERR_NONE;
	if (out_field)
		strcpy(out_field, e.field);
	return e.code;
}
