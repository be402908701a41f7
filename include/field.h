/*
 * Records as JSON objects, stated once. A list macro gives a struct, its
 * parser, its bounds, its writer and its tests:
 *
 *	#define PERSON_FIELDS(F, S) \
 *		F(S, STR, name, 1, 80, FIELD_REQUIRED) \
 *		F(S, INT, age, 0, 150, 0)
 *	FIELDS_DECLARE(person, PERSON_FIELDS)   // header
 *	FIELDS_DEFINE(person, PERSON_FIELDS)    // one .c file
 *
 * lo and hi bound a string's bytes, a number's value, or the count of an
 * array's or object's members. Pointers are borrowed from the JSON value.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

enum field_type {
	FIELD_STR,  /* const char * */
	FIELD_INT,  /* int64_t */
	FIELD_NUM,  /* double; JSON integers are taken too */
	FIELD_BOOL, /* bool */
	FIELD_OBJ,  /* json_t * */
	FIELD_ARR,  /* json_t * */
};

#define FIELD_REQUIRED 1u
#define FIELD_NULLABLE 2u /* null reads as absent */
#define FIELD_SECRET 4u	  /* never in a log or an error */

struct field {
	const char *name;
	enum field_type type;
	size_t offset;	   /* of the value in the struct */
	size_t has_offset; /* of its `has_` flag */
	int64_t lo, hi;
	unsigned flags;
};

struct field_table {
	const char *name;
	const struct field *fields;
	size_t count;
	size_t size; /* of the struct */
};

#define FIELD_CTYPE_STR const char *
#define FIELD_CTYPE_INT int64_t
#define FIELD_CTYPE_NUM double
#define FIELD_CTYPE_BOOL bool
#define FIELD_CTYPE_OBJ json_t *
#define FIELD_CTYPE_ARR json_t *

#define FIELD_MEMBER(S, type, name, lo, hi, flags) \
	FIELD_CTYPE_##type name; \
	bool has_##name;
#define FIELD_ROW(S, type, name, lo, hi, flags) \
	{#name, \
	 FIELD_##type, \
	 offsetof(struct S, name), \
	 offsetof(struct S, has_##name), \
	 (int64_t)(lo), \
	 (int64_t)(hi), \
	 (flags)},

#define FIELDS_DECLARE(S, LIST) \
	struct S { \
		LIST(FIELD_MEMBER, S) \
	}; \
	extern const struct field_table S##_fields;

#define FIELDS_DEFINE(S, LIST) \
	static const struct field S##_field_rows[] = {LIST(FIELD_ROW, S)}; \
	const struct field_table S##_fields = { \
		#S, S##_field_rows, \
		sizeof(S##_field_rows) / sizeof(S##_field_rows[0]), \
		sizeof(struct S)};

/*
 * Reads `obj` into `out`, a struct of the table, zeroed first. Unknown,
 * missing, mistyped and out-of-range fields are INVALID_REQUEST with the
 * field's name. 0 or -1.
 */
int field_read(const struct field_table *t, json_t *obj, void *out,
	       struct err *e);
/* A new object of the fields that are set (has_), or NULL (no memory, not UTF-8). */
json_t *field_write(const struct field_table *t, const void *in);

/* Strict JSON: one value, UTF-8, no duplicate keys, at most `depth` deep, no
 * trailing bytes, no NUL. NULL and INVALID_REQUEST otherwise. Owned by the caller. */
json_t *json_parse(const char *text, size_t len, unsigned depth, struct err *e);
/* Compact text, keys in their order; malloc'ed, or NULL. */
char *json_text(const json_t *j);
