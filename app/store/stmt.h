/*
 * The table of statements. Prepared when a connection first needs them, never
 * put together from pieces. Only app/store includes this.
 */
#pragma once

#include "store/column.h"
#include "store/account_row.h"
#include "store/sandbox_row.h"

struct err;
struct store;

/* Who executes a statement; each has the MySQL user of its name. */
#define STMT_API 1u
#define STMT_GATEWAY 2u
#define STMT_KEEPER 4u
#define STMT_ADMIN 8u /* caged-admin, as the migrator */

enum stmt_id {
#define STMT(name, roles, sql) STMT_##name,
#include "store/stmts.def"
#undef STMT
	STMT_COUNT
};

struct stmt_row {
	const char *name;
	unsigned roles;
	const char *sql;
};
extern const struct stmt_row stmts[STMT_COUNT];

/* Prepares it, now. */
int stmt_prepare(struct store *s, enum stmt_id id, struct err *e);
/* Runs a statement that answers no rows. *out_changed (may be NULL): rows
 * inserted, deleted or, as matched by its WHERE, updated. */
int stmt_run(struct store *s, enum stmt_id id, const struct cell *in, size_t n,
	     int64_t *out_changed, struct err *e);
/* Reads the first row into `row`: 1; there is none: 0; -1. */
int stmt_one(struct store *s, enum stmt_id id, const struct cell *in, size_t n,
	     const struct record *r, void *row, struct err *e);
/* Reads row after row into `row` and calls fn; stops when fn is not 0. The
 * result is taken whole before, so fn may run other statements, not this one.
 */
int stmt_each(struct store *s, enum stmt_id id, const struct cell *in, size_t n,
	      const struct record *r, void *row, int (*fn)(void *arg),
	      void *arg, struct err *e);
