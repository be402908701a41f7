/* The rows of one exec, as they go to the scribe. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "store/store_exec.h"

struct scribe;

struct exec_book {
	struct scribe *scribe;
	struct store_exec row; /* what is known; its owner fills the result */
	char *command;	       /* owned */
	bool is_argv;
	struct buf chunk;
	uint32_t chunk_no;
};

/* `command` is taken over. */
void exec_book_init(struct exec_book *b, struct scribe *s,
		    const struct store_exec *row, char *command, bool is_argv);
void exec_book_fini(struct exec_book *b);
/* 0, or -1 when the scribe can take no more. */
int exec_book_start(struct exec_book *b);
int exec_book_data(struct exec_book *b, bool is_stderr, const uint8_t *p,
		   size_t n);
/* The output comes again from its start. */
int exec_book_reset(struct exec_book *b);
/* The row is final: `done`, or lost. */
int exec_book_end(struct exec_book *b, bool done);
