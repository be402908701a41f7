/* Transactions that survive deadlocks and lost connections. Only app/store
 * includes this. */
#pragma once

#include "store/db.h"

/* One reading statement, or several that need no snapshot. */
#define TX_READ 1u
/* Must not run again when it may have been committed. */
#define TX_ONCE 2u

/*
 * Runs fn in a transaction and commits it when fn answers 0. fn may be run
 * several times, each time from the start: after a deadlock or lock timeout,
 * and on a new connection when the old one broke before COMMIT was sent. When
 * COMMIT was sent and not answered, fn runs again unless TX_ONCE is set: it
 * must then find what it did before. Gives up after 5 s.
 */
int tx_run(struct store *s, unsigned flags,
	   int (*fn)(struct store *s, void *arg, struct err *e), void *arg,
	   struct err *e);
