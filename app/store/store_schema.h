/* What the migrator does to the database. */
#pragma once

#include <stddef.h>

#include "store/store.h"

#define STORE_SCHEMA_NAME_SIZE 65
#define STORE_SCHEMA_SHA_SIZE 65     /* SHA-256 in hex */
#define STORE_SCHEMA_SQL_MAX 1048576 /* bytes of a file */

struct store_migration {
	char name[STORE_SCHEMA_NAME_SIZE]; /* of the file */
	char sha256[STORE_SCHEMA_SHA_SIZE];
};

/*
 * Connects as `mysql_user`, makes the database and the table of migrations when
 * they are missing, and waits at most 30 s for other migrators. NULL on error.
 * The lock is held until store_schema_close.
 */
struct store *store_schema_open(const struct conf *c, const char *mysql_user,
				struct err *e);
void store_schema_close(struct store *s);

/* In the order of their names. On any store. Stops when fn is not 0. */
int store_schema_list(struct store *s,
		      int (*fn)(void *arg, const struct store_migration *m),
		      void *arg, struct err *e);
/* Can every statement of this program be prepared? By a user of all of them. */
int store_schema_check(struct store *s, struct err *e);
/* Runs a whole file of statements. Only on a store of store_schema_open. */
int store_schema_run(struct store *s, const char *name, const char *sql,
		     size_t len, struct err *e);
/* Notes that a file was run. */
int store_schema_note(struct store *s, const struct store_migration *m,
		      struct err *e);
