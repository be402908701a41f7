/* What happened to a sandbox: its transitions and its execs, merged. */
#pragma once

#include "store/store.h"
#include <stdint.h>

#define STORE_LOG_TAIL_MAX 1000

struct store_log_line {
	int64_t at_us;
	char type[17]; /* lifecycle | command */
	char message[700];
};

/* The last `tail` lines, newest last. The account's right is checked before. */
int store_log_tail(struct store *s, const char *sandbox, int tail,
		   int (*fn)(void *arg, const struct store_log_line *l),
		   void *arg, struct err *e);
