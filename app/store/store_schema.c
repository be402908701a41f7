/*
 * Theory of operation: the migrator's connection is made here, since the
 * database may not exist yet, statements may take long, and a file is sent
 * whole, as only the server can tell where a procedure ends. GET_LOCK belongs
 * to a connection, so this one is never replaced.
 */
#include "store/store_schema.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "conf.h"
#include "err.h"
#include "store/tx.h"

#define IO_S 600
#define LOCK_S 30
#define MAKE_TABLE \
	"CREATE TABLE IF NOT EXISTS schema_migration (" \
	"name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL," \
	"sha256 CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL," \
	"applied_at DATETIME(6) NOT NULL, PRIMARY KEY (name)) ENGINE=InnoDB"

static int
name_check(const char *name, struct err *e)
{
	for (const char *p = name; *p; p++) {
		if (!isalnum((unsigned char)*p) && *p != '_')
			return err_set(e, ERR_INTERNAL,
				       "db_name: only letters, digits and _");
	}
	return 0;
}

/* A database's name cannot be a parameter: checked, then quoted. */
static int
use_database(struct store *s, struct err *e)
{
	char sql[160 + sizeof(s->conf->db_name)];

	if (name_check(s->conf->db_name, e) < 0)
		return -1;
	snprintf(sql, sizeof(sql),
		 "CREATE DATABASE IF NOT EXISTS `%s`"
		 " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
		 s->conf->db_name);
	if (db_command(s, sql, e) < 0)
		return -1;
	if (mysql_select_db(s->my, s->conf->db_name))
		return db_failed(s, "select_db", mysql_errno(s->my),
				 mysql_error(s->my), e);
	return 0;
}

struct lock_row {
	int64_t taken;
};

static int
take_lock(struct store *s, struct err *e)
{
	static const struct column columns[] = {
		COLUMN(lock_row, INT, taken, NULL),
	};
	static const struct record record = RECORD(columns);
	struct lock_row row = {0};

	if (stmt_one(s, STMT_schema_lock, CELLS(cell_int(LOCK_S)), &record,
		     &row, e) < 0)
		return -1;
	if (row.taken != 1)
		return err_set(e, ERR_OVERLOADED,
			       "another migrate has run for %d s", LOCK_S);
	return 0;
}

struct store *
store_schema_open(const struct conf *c, const char *mysql_user, struct err *e)
{
	struct store *s = store_open(c, mysql_user, e);

	if (!s)
		return NULL;
	if (db_connect_bare(s, IO_S, e) < 0 || use_database(s, e) < 0 ||
	    take_lock(s, e) < 0 || db_command(s, MAKE_TABLE, e) < 0) {
		store_close(s);
		return NULL;
	}
	return s;
}

void
store_schema_close(struct store *s)
{
	store_close(s);
}

struct list_arg {
	struct store_migration row;
	int (*fn)(void *arg, const struct store_migration *m);
	void *arg;
};

static int
list_row(void *arg)
{
	struct list_arg *a = arg;

	return a->fn(a->arg, &a->row);
}

int
store_schema_list(struct store *s,
		  int (*fn)(void *arg, const struct store_migration *m),
		  void *arg, struct err *e)
{
	static const struct column columns[] = {
		COLUMN(list_arg, TEXT, row.name, NULL),
		COLUMN(list_arg, TEXT, row.sha256, NULL),
	};
	static const struct record record = RECORD(columns);
	struct list_arg a = {.fn = fn, .arg = arg};

	return stmt_each(s, STMT_schema_list, NO_CELLS, &record, &a, list_row,
			 &a, e);
}

static int
check(struct store *s, void *arg, struct err *e)
{
	(void)arg;
	for (int i = 0; i < STMT_COUNT; i++) {
		if (stmt_prepare(s, (enum stmt_id)i, e) < 0)
			return -1;
	}
	return 0;
}

int
store_schema_check(struct store *s, struct err *e)
{
	return tx_run(s, TX_READ, check, NULL, e);
}

static int
script_failed(struct store *s, const char *name, int statement, struct err *e)
{
	return err_set(e, ERR_INTERNAL, "%s: statement %d: %s", name, statement,
		       mysql_error(s->my));
}

int
store_schema_run(struct store *s, const char *name, const char *sql, size_t len,
		 struct err *e)
{
	int rc, statement = 1;

	if (mysql_real_query(s->my, sql, len))
		return script_failed(s, name, statement, e);
	do {
		MYSQL_RES *res = mysql_store_result(s->my);

		if (res)
			mysql_free_result(res);
		statement++;
		rc = mysql_next_result(s->my);
	} while (rc == 0);
	return rc < 0 ? 0 : script_failed(s, name, statement, e);
}

int
store_schema_note(struct store *s, const struct store_migration *m,
		  struct err *e)
{
	return stmt_run(s, STMT_schema_insert,
			CELLS(cell_text(m->name), cell_text(m->sha256)), NULL,
			e);
}
