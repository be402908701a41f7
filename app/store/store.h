/*
 * The database behind typed functions. All SQL is in stmts.def.
 *
 * A store is one connection: one thread at a time. Nothing connects until the
 * first call. Every function of app/store returns 0, or -1 with an error; the
 * error is DATABASE_UNAVAILABLE when the server cannot be reached, does not
 * answer in time, or lost the connection in the middle of something that
 * cannot be run again. Deadlocks are retried inside.
 *
 * Waits: connect 1 s (a failed connect is remembered for 1 s, so the next call
 * fails at once), reads and writes 5 s each. Times are microseconds since 1970
 * by the database's own clock; 0 stands for NULL, as "" does for strings.
 */
#pragma once

struct conf;
struct err;
struct store;

/*
 * `mysql_user` is used when the configuration names none. `c` is borrowed for
 * the store's life. NULL when memory or the password file fails.
 */
struct store *store_open(const struct conf *c, const char *mysql_user,
			 struct err *e);
void store_close(struct store *s);

/* Asks the server a trivial question. */
int store_ping(struct store *s, struct err *e);
