/* The connection of a store. Only app/store includes this. */
#pragma once

#include <mysql.h>
#include <stdbool.h>
#include <stdint.h>

#include "store/stmt.h"

struct conf;

/* What the last failed call on the connection was. */
enum db_fail {
	DB_FAIL_NONE,
	DB_FAIL_DOWN,  /* no connection could be made */
	DB_FAIL_LOST,  /* the connection broke */
	DB_FAIL_AGAIN, /* deadlock or lock timeout */
	DB_FAIL_TAKEN, /* a unique key */
	DB_FAIL_OTHER,
};

struct store {
	const struct conf *conf;
	char user[65];
	char password[256];
	MYSQL *my; /* NULL: not connected */
	MYSQL_STMT *stmts[STMT_COUNT];
	enum db_fail fail;
	bool committing;       /* COMMIT was sent and not answered */
	int64_t down_until_ms; /* a connect failed: none before (monotonic) */
	char down_why[256];    /* what that one said */
};

/* Connects when there is no connection. */
int db_connect(struct store *s, struct err *e);
/* Without a database, for scripts of several statements; io_s: its waits. */
int db_connect_bare(struct store *s, unsigned io_s, struct err *e);
void db_drop(struct store *s);
/* A statement outside the table: START TRANSACTION and the like. */
int db_command(struct store *s, const char *sql, struct err *e);
/* Notes and words the failure of what was done as `what`. Always -1. */
int db_failed(struct store *s, const char *what, unsigned number,
	      const char *text, struct err *e);
