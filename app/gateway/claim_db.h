/* What a claim asks of the database; each is for the database thread. */
#pragma once

#include <jansson.h>

#include "buf.h"
#include "err.h"
#include "model/plan_crypt.h"
#include "model/sandbox.h"

struct store;

/* The row, and of a sandbox that is `creating` {"env":{...},"plan":{...}} as it
 * was sealed (owned; NULL: nothing was). */
int claim_db_load(struct store *s, const uint8_t key[PLAN_KEY_SIZE],
		  const char *sandbox, struct sandbox *out, json_t **out_plan,
		  struct err *e);
/* -1 with why a claim whose row is `now` is in vain. */
int claim_db_lost(const struct sandbox *now, struct err *e);
/* This gateway works at it from now on. A failure shows in the next renewal. */
void claim_db_renew(struct store *s, const struct sandbox *row,
		    const char *owner, int64_t lease_s);
/* To running, with what its steps gave (a JSON array; NULL: none). What
 * claim_db_lost says when somebody moved it meanwhile. */
int claim_db_commit(struct store *s, const struct sandbox *row,
		    const char *steps, struct sandbox *out, struct err *e);
