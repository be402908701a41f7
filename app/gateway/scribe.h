/*
 * Writes execs to the database, in batches, in order. Nothing waits for it:
 * while the database is away everything stays in memory, up to SCRIBE_SPOOL;
 * above that its users give no more credit to guests.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store_exec.h"

struct event_base;
struct err;
struct jobs;
struct scribe;

#define SCRIBE_BATCH_MS 50
#define SCRIBE_RETRY_MS 1000 /* after a batch that failed */
#define SCRIBE_SPOOL ((size_t)64 << 20)
#define SCRIBE_BATCH_BYTES ((size_t)4 << 20)

struct scribe_hooks {
	/* On the database thread: writes items in one transaction. */
	int (*save)(void *ctx, const struct store_exec_item *items, size_t n,
		    struct err *e);
	/* On the loop: there is room in the spool again. */
	void (*drained)(void *arg);
	/* On the loop: the end (or loss) of this exec is durable. */
	void (*saved)(void *arg, const char *exec);
	/* On the loop: a batch failed (`e`), or went through again (NULL). */
	void (*trouble)(void *arg, const struct err *e);
};

struct scribe *scribe_new(struct event_base *base, struct jobs *db,
			  const struct scribe_hooks *hooks, void *arg);
void scribe_free(struct scribe *s);

/*
 * Copies everything. `command` for START and END, the chunk for OUTPUT. -1:
 * twice SCRIBE_SPOOL is taken or memory ran out, and nothing was noted.
 */
int scribe_note(struct scribe *s, enum store_exec_kind kind,
		const struct store_exec *x, const char *command, bool is_argv);
int scribe_output(struct scribe *s, const struct store_exec *x,
		  uint32_t chunk_no, const void *chunk, size_t n);
/* The spool holds SCRIBE_SPOOL: give no credit until `drained`. */
bool scribe_full(const struct scribe *s);
/* Nothing is left to write. */
bool scribe_idle(const struct scribe *s);
