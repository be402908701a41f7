/*
 * Tests that a table of fields gives by itself: round trips at the bounds, and
 * every way in which one field can be wrong. Used as a cmocka test whose state
 * is the table: FIELD_TABLE_TESTS(exec) adds the tests of exec_fields.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "cmocka_all.h"
#include "err.h"
#include "field.h"

enum edge { EDGE_LO, EDGE_HI };

static inline json_t *
string_of(int64_t n)
{
	auto_free char *s = malloc((size_t)n + 1);

	assert_non_null(s);
	memset(s, 'a', (size_t)n);
	s[n] = '\0';
	return json_string(s);
}

static inline json_t *
members_of(enum field_type type, int64_t n)
{
	json_t *j = type == FIELD_ARR ? json_array() : json_object();
	char key[24];

	for (int64_t i = 0; i < n; i++) {
		snprintf(key, sizeof(key), "k%jd", (intmax_t)i);
		if (type == FIELD_ARR)
			json_array_append_new(j, json_integer(i));
		else
			json_object_set_new(j, key, json_integer(i));
	}
	return j;
}

/* A value of the field's type whose size or number is n. */
static inline json_t *
value_of_size(const struct field *f, int64_t n)
{
	switch (f->type) {
	case FIELD_STR:
		return string_of(n);
	case FIELD_INT:
		return json_integer(n);
	case FIELD_NUM:
		return json_real((double)n);
	case FIELD_BOOL:
		return json_boolean(n != f->lo);
	case FIELD_OBJ:
	case FIELD_ARR:
		return members_of(f->type, n);
	}
	return NULL;
}

/* An object of the table's fields at one end; optional ones too when `all`. */
static inline json_t *
object_at(const struct field_table *t, enum edge edge, bool all)
{
	json_t *obj = json_object();

	for (size_t i = 0; i < t->count; i++) {
		const struct field *f = &t->fields[i];

		if (all || (f->flags & FIELD_REQUIRED))
			json_object_set_new(obj, f->name,
					    value_of_size(f, edge == EDGE_LO
								     ? f->lo
								     : f->hi));
	}
	return obj;
}

static inline void
expect_same_back(const struct field_table *t, json_t *obj)
{
	auto_free void *rec = malloc(t->size);
	auto_json json_t *back = NULL, *again = NULL;
	auto_free char *text = NULL;
	struct err e = {0};

	if (field_read(t, obj, rec, &e) < 0)
		fail_msg("%s: %s", t->name, e.msg);
	back = field_write(t, rec);
	assert_true(json_equal(obj, back));
	text = json_text(back);
	again = json_parse(text, strlen(text), 8, &e);
	assert_true(json_equal(obj, again));
}

static inline void
expect_refused(const struct field_table *t, json_t *obj, const char *field)
{
	auto_free void *rec = malloc(t->size);
	struct err e = {0};

	if (field_read(t, obj, rec, &e) == 0)
		fail_msg("%s: %s was taken", t->name, field);
	assert_int_equal(e.code, ERR_INVALID_REQUEST);
	assert_string_equal(e.field, field);
	assert_non_null(strstr(e.msg, field));
}

static inline void
check_bounds(void **state)
{
	const struct field_table *t = *state;

	for (int edge = EDGE_LO; edge <= EDGE_HI; edge++)
		for (int all = 0; all <= 1; all++) {
			auto_json json_t *obj = object_at(t, edge, all);

			expect_same_back(t, obj);
		}
}

static inline void
check_missing(void **state)
{
	const struct field_table *t = *state;

	for (size_t i = 0; i < t->count; i++) {
		const struct field *f = &t->fields[i];
		auto_json json_t *obj = object_at(t, EDGE_LO, true);

		json_object_del(obj, f->name);
		if (f->flags & FIELD_REQUIRED)
			expect_refused(t, obj, f->name);
		else
			expect_same_back(t, obj);
	}
}

static inline bool
suits(const struct field *f, const json_t *v)
{
	static const json_type types[] = {
		[FIELD_STR] = JSON_STRING, [FIELD_INT] = JSON_INTEGER,
		[FIELD_NUM] = JSON_REAL,   [FIELD_BOOL] = JSON_TRUE,
		[FIELD_OBJ] = JSON_OBJECT, [FIELD_ARR] = JSON_ARRAY,
	};

	if (json_is_null(v))
		return f->flags & FIELD_NULLABLE;
	return json_typeof(v) == types[f->type] ||
	       (f->type == FIELD_NUM && json_is_integer(v)) ||
	       (f->type == FIELD_BOOL && json_is_boolean(v));
}

static inline void
check_mistyped(void **state)
{
	static const char wrong[] = "[\"x\",1,1.0,true,false,{},[],null]";
	const struct field_table *t = *state;
	struct err e;
	auto_json json_t *values = json_parse(wrong, strlen(wrong), 2, &e);
	json_t *v;
	size_t n;

	for (size_t i = 0; i < t->count; i++)
		json_array_foreach(values, n, v) {
			auto_json json_t *obj = object_at(t, EDGE_LO, true);

			if (suits(&t->fields[i], v))
				continue;
			json_object_set(obj, t->fields[i].name, v);
			expect_refused(t, obj, t->fields[i].name);
		}
}

static inline void
expect_size_refused(const struct field_table *t, const struct field *f,
		    int64_t n)
{
	auto_json json_t *obj = object_at(t, EDGE_LO, true);

	json_object_set_new(obj, f->name, value_of_size(f, n));
	expect_refused(t, obj, f->name);
}

static inline void
check_out_of_range(void **state)
{
	const struct field_table *t = *state;

	for (size_t i = 0; i < t->count; i++) {
		const struct field *f = &t->fields[i];
		bool number = f->type == FIELD_INT || f->type == FIELD_NUM;

		if (f->type == FIELD_BOOL)
			continue;
		if (number ? f->lo > INT64_MIN : f->lo > 0)
			expect_size_refused(t, f, f->lo - 1);
		if (f->hi < INT64_MAX)
			expect_size_refused(t, f, f->hi + 1);
	}
}

static inline void
check_unknown(void **state)
{
	const struct field_table *t = *state;
	auto_json json_t *obj = object_at(t, EDGE_HI, true);

	json_object_set_new(obj, "no_such_field", json_true());
	expect_refused(t, obj, "no_such_field");
}

#define FIELD_TABLE_TEST(table, check) \
	{ \
		.name = #table " " #check, .test_func = check, \
		.initial_state = (void *)(uintptr_t)&table##_fields \
	}
#define FIELD_TABLE_TESTS(table) \
	FIELD_TABLE_TEST(table, check_bounds), \
		FIELD_TABLE_TEST(table, check_missing), \
		FIELD_TABLE_TEST(table, check_mistyped), \
		FIELD_TABLE_TEST(table, check_out_of_range), \
		FIELD_TABLE_TEST(table, check_unknown)
