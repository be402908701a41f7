/* The files of sql/. */
#pragma once

#include "store/store_schema.h"

struct err;

struct sql_file {
	struct store_migration id;
	char *text; /* owned */
	size_t len;
};

/* `name` in the folder `dir`, at most STORE_SCHEMA_SQL_MAX bytes, hashed. */
int sql_file_read(int dir, const char *name, struct sql_file *out,
		  struct err *e);
void sql_file_fini(struct sql_file *f);
/* The names NNNN_*.sql in `dir`, sorted; an owned list of owned strings that
 * ends with NULL. Two files of one number are an error. */
char **sql_file_list(int dir, struct err *e);
void sql_file_list_free(char **names);
