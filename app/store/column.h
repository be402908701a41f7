/*
 * How values go into statements and rows come out of them: parameters are
 * cells, a row is a struct described by columns.
 */
#pragma once

#include <mysql.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COLUMNS_MAX 40 /* of one statement, either way */

/* `bool` in MySQL 8, `char` in MariaDB. */
typedef __typeof__(*((MYSQL_BIND *)0)->is_null) db_bool;

enum cell_type {
	CELL_NULL,
	CELL_INT,
	CELL_TEXT,
	CELL_BLOB,
	CELL_TIME,
	CELL_DAY
};

/* Borrowed: what it points to must live until the statement ran. */
struct cell {
	enum cell_type type;
	int64_t i; /* INT; TIME and DAY: microseconds since 1970 */
	const void *p;
	size_t n;
};

struct cell cell_int(int64_t v);
struct cell cell_text(const char *s);		/* NULL: NULL */
struct cell cell_blob(const void *p, size_t n); /* p NULL: NULL */
struct cell cell_time(int64_t unix_us);		/* 0: NULL */
struct cell cell_day(int64_t unix_us);		/* the UTC day of it */

/* A statement's parameters: CELLS(cell_int(1), cell_text("x")). */
#define CELLS(...) \
	(const struct cell[]){__VA_ARGS__}, \
		sizeof((const struct cell[]){__VA_ARGS__}) / \
			sizeof(struct cell)
#define NO_CELLS NULL, 0

enum column_type {
	COLUMN_INT,  /* int64_t or uint64_t */
	COLUMN_BOOL, /* bool */
	COLUMN_TEXT, /* char[size], terminated; longer text is an error */
	COLUMN_TIME, /* int64_t, microseconds since 1970 */
	COLUMN_NAME, /* an enum of int's size, through `parse` */
	COLUMN_BUF,  /* struct buf *, appended to; its cap is the limit */
};

struct column {
	enum column_type type;
	size_t offset, size;
	int (*parse)(const char *name); /* NAME: -1 when unknown */
};

#define COLUMN(S, type, member, parse) \
	{ \
		COLUMN_##type, offsetof(struct S, member), \
			sizeof(((struct S *)0)->member), parse \
	}

/* For a BUF member, whose pointer says nothing of a size. */
#define COLUMN_BUFFER(S, member) \
	{ \
		COLUMN_BUF, offsetof(struct S, member), 0, NULL \
	}

/* How a row's struct is filled. */
struct record {
	const struct column *columns;
	size_t count;
};
#define RECORD(columns) \
	{ \
		columns, sizeof(columns) / sizeof((columns)[0]) \
	}

/* One row's buffers for the C API. */
struct column_slot {
	union {
		int64_t i;
		MYSQL_TIME time;
		char name[32];
	} v;
	unsigned long length;
	db_bool null, error;
};

void column_bind_cell(MYSQL_BIND *b, const struct cell *c, MYSQL_TIME *time);
void column_bind(MYSQL_BIND *b, const struct column *c,
		 struct column_slot *slot, void *row);
/* Moves a fetched value into the row. -1: too long, or an unknown name. */
int column_take(MYSQL_STMT *stmt, unsigned index, const struct column *c,
		struct column_slot *slot, void *row);
