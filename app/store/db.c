/*
 * Theory of operation: a connection is made by the first call that needs it and
 * thrown away, with everything prepared on it, when it breaks. It never
 * reconnects by itself (the library's MYSQL_OPT_RECONNECT would go on in the
 * middle of a transaction that the server undid); tx.c decides what is run
 * again on a new one.
 */
#include "store/db.h"

#include <errmsg.h>
#include <mysqld_error.h>
#include <string.h>

#include "conf.h"
#include "err.h"
#include "timeutil.h"

#define CONNECT_S 1
#define IO_S 5
#define REMEMBER_DOWN_MS 1000
/* Shorter than IO_S, so that the server says it before we give up on it. */
#define SESSION \
	"SET SESSION time_zone = '+00:00', innodb_lock_wait_timeout = 2, " \
	"sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION," \
	"ERROR_FOR_DIVISION_BY_ZERO,ONLY_FULL_GROUP_BY'"
/* Each transaction locks the row that it decides on: none needs gap locks. */
#define ISOLATION "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"

struct db_error {
	unsigned number;
	enum db_fail fail;
	bool show; /* the server's text holds no value of a row */
};

/* Numbers without a name in both servers' headers are written out. */
static const struct db_error errors[] = {
	{CR_SERVER_GONE_ERROR, DB_FAIL_LOST, true},
	{CR_SERVER_LOST, DB_FAIL_LOST, true},
	{CR_CONNECTION_ERROR, DB_FAIL_LOST, true},
	{CR_CONN_HOST_ERROR, DB_FAIL_LOST, true},
	{CR_UNKNOWN_HOST, DB_FAIL_LOST, true},
	{CR_COMMANDS_OUT_OF_SYNC, DB_FAIL_LOST, true},
	{CR_MALFORMED_PACKET, DB_FAIL_LOST, true},
	{2055 /* CR_SERVER_LOST_EXTENDED */, DB_FAIL_LOST, true},
	{ER_CON_COUNT_ERROR, DB_FAIL_LOST, true},
	{ER_SERVER_SHUTDOWN, DB_FAIL_LOST, true},
	{1927 /* connection was killed */, DB_FAIL_LOST, true},
	{4031 /* disconnected for inactivity */, DB_FAIL_LOST, true},
	{ER_NET_READ_ERROR, DB_FAIL_LOST, true},
	{ER_UNKNOWN_STMT_HANDLER, DB_FAIL_LOST, true},
	{ER_NEED_REPREPARE, DB_FAIL_LOST, true},
	{ER_LOCK_DEADLOCK, DB_FAIL_AGAIN, true},
	{ER_LOCK_WAIT_TIMEOUT, DB_FAIL_AGAIN, true},
	{ER_DUP_ENTRY, DB_FAIL_TAKEN, false},
	{ER_PARSE_ERROR, DB_FAIL_OTHER, true},
	{ER_NO_SUCH_TABLE, DB_FAIL_OTHER, true},
	{ER_BAD_FIELD_ERROR, DB_FAIL_OTHER, true},
	{ER_BAD_DB_ERROR, DB_FAIL_OTHER, true},
	{ER_ACCESS_DENIED_ERROR, DB_FAIL_OTHER, true},
	{ER_DBACCESS_DENIED_ERROR, DB_FAIL_OTHER, true},
	{ER_TABLEACCESS_DENIED_ERROR, DB_FAIL_OTHER, true},
	{ER_COLUMNACCESS_DENIED_ERROR, DB_FAIL_OTHER, true},
	{ER_PROCACCESS_DENIED_ERROR, DB_FAIL_OTHER, true},
};

int
db_failed(struct store *s, const char *what, unsigned number, const char *text,
	  struct err *e)
{
	struct db_error found = {number, DB_FAIL_OTHER, false};

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (errors[i].number == number)
			found = errors[i];
	}
	s->fail = found.fail;
	if (found.fail == DB_FAIL_LOST || found.fail == DB_FAIL_AGAIN)
		return err_set(e, ERR_DATABASE_UNAVAILABLE,
			       "the database cannot be used: %s", text);
	if (found.show)
		return err_set(e, ERR_INTERNAL, "database: %s: %s", what, text);
	return err_set(e, ERR_INTERNAL, "database: %s: error %u", what, number);
}

void
db_drop(struct store *s)
{
	for (size_t i = 0; i < STMT_COUNT; i++) {
		if (s->stmts[i])
			mysql_stmt_close(s->stmts[i]);
		s->stmts[i] = NULL;
	}
	if (s->my)
		mysql_close(s->my);
	s->my = NULL;
}

static MYSQL *
client_new(unsigned io_s)
{
	unsigned connect_s = CONNECT_S;
	MYSQL *my = mysql_init(NULL);

	if (!my)
		return NULL;
	mysql_options(my, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
	mysql_options(my, MYSQL_OPT_READ_TIMEOUT, &io_s);
	mysql_options(my, MYSQL_OPT_WRITE_TIMEOUT, &io_s);
	mysql_options(my, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	return my;
}

/* TCP is never without TLS and a checked certificate. */
static void
client_tls(MYSQL *my)
{
#ifdef MARIADB_BASE_VERSION
	char yes = 1;

	mysql_options(my, MYSQL_OPT_SSL_ENFORCE, &yes);
	mysql_options(my, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
#else
	unsigned mode = SSL_MODE_VERIFY_IDENTITY;

	mysql_options(my, MYSQL_OPT_SSL_MODE, &mode);
#endif
}

static MYSQL *
client_connect(MYSQL *my, const struct store *s, const char *db,
	       unsigned long flags)
{
	const struct conf *c = s->conf;
	const char *password = s->password[0] ? s->password : NULL;

	flags |= CLIENT_FOUND_ROWS;
	if (c->db_socket[0])
		return mysql_real_connect(my, NULL, s->user, password, db, 0,
					  c->db_socket, flags);
	client_tls(my);
	return mysql_real_connect(my, c->db_host, s->user, password, db,
				  (unsigned)c->db_port, NULL, flags);
}

/* Failing to connect for whatever reason makes the database unavailable. */
static int
still_down(struct store *s, struct err *e)
{
	s->fail = DB_FAIL_DOWN;
	return err_set(e, ERR_DATABASE_UNAVAILABLE,
		       "cannot connect to the database: %s", s->down_why);
}

static int
connect_failed(struct store *s, MYSQL *my, struct err *e)
{
	s->down_until_ms = time_mono_ms() + REMEMBER_DOWN_MS;
	snprintf(s->down_why, sizeof(s->down_why), "%s", mysql_error(my));
	return still_down(s, e);
}

static int
open_session(struct store *s, unsigned io_s, const char *db,
	     unsigned long flags, struct err *e)
{
	MYSQL *my = client_new(io_s);

	if (!my)
		return err_set(e, ERR_INTERNAL, "no memory for a connection");
	if (!client_connect(my, s, db, flags) || mysql_query(my, SESSION) ||
	    mysql_query(my, ISOLATION)) {
		connect_failed(s, my, e);
		mysql_close(my);
		return -1;
	}
	s->my = my;
	s->fail = DB_FAIL_NONE;
	return 0;
}

int
db_connect(struct store *s, struct err *e)
{
	if (s->my)
		return 0;
	if (time_mono_ms() < s->down_until_ms)
		return still_down(s, e);
	return open_session(s, IO_S, s->conf->db_name, 0, e);
}

int
db_connect_bare(struct store *s, unsigned io_s, struct err *e)
{
	return open_session(s, io_s, NULL, CLIENT_MULTI_STATEMENTS, e);
}

int
db_command(struct store *s, const char *sql, struct err *e)
{
	if (db_connect(s, e) < 0)
		return -1;
	if (mysql_query(s->my, sql))
		return db_failed(s, sql, mysql_errno(s->my), mysql_error(s->my),
				 e);
	return 0;
}
