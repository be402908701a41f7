/* What a claim asks of the database; each is for the database thread. */
#pragma once

#include <jansson.h>

#include "buf.h"
#include "err.h"
#include "model/plan_crypt.h"
#include "model/sandbox.h"

struct store;

/* The row, and its environment as an object (owned; NULL: none). */
int claim_db_load(struct store *s, const uint8_t key[PLAN_KEY_SIZE],
		  const char *sandbox, struct sandbox *out, json_t **out_env,
		  struct err *e);
/* -1 with why a claim whose row is `now` is in vain. */
int claim_db_lost(const struct sandbox *now, struct err *e);
/* To running. What claim_db_lost says when somebody moved it meanwhile. */
int claim_db_commit(struct store *s, const struct sandbox *row,
		    struct sandbox *out, struct err *e);
