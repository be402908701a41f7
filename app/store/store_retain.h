/*
 * What is too old goes, in batches of STORE_RETAIN_BATCH rows, one short
 * transaction each. *out_count: rows that went (a full batch says: call again).
 */
#pragma once

#include <stdint.h>

#include "store/store.h"

#define STORE_RETAIN_BATCH 500

int store_retain_idempotency(struct store *s, int64_t *out_count,
			     struct err *e);
int store_retain_exec(struct store *s, int64_t *out_count, struct err *e);
int store_retain_sandbox(struct store *s, int64_t *out_count, struct err *e);
int store_retain_run(struct store *s, int64_t *out_count, struct err *e);
/* Daily partitions of exec_output: makes the next ones, drops the old ones. */
int store_retain_partitions(struct store *s, int64_t *out_count, struct err *e);
