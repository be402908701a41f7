#include "exec_book.h"

#include <stdlib.h>

#include "scribe.h"
#include "store/exec_chunk.h"

void
exec_book_init(struct exec_book *b, struct scribe *s,
	       const struct store_exec *row, char *command, bool is_argv)
{
	*b = (struct exec_book){
		.scribe = s,
		.row = *row,
		.command = command,
		.is_argv = is_argv,
	};
	buf_init(&b->chunk, EXEC_CHUNK_RAW);
}

void
exec_book_fini(struct exec_book *b)
{
	buf_fini(&b->chunk);
	free(b->command);
	b->command = NULL;
}

int
exec_book_start(struct exec_book *b)
{
	return scribe_note(b->scribe, STORE_EXEC_START, &b->row, b->command,
			   b->is_argv);
}

static int
put_chunk(struct exec_book *b)
{
	int rc;

	if (b->chunk.len == 0)
		return 0;
	rc = scribe_output(b->scribe, &b->row, b->chunk_no++, b->chunk.data,
			   b->chunk.len);
	buf_reset(&b->chunk);
	return rc;
}

int
exec_book_data(struct exec_book *b, bool is_stderr, const uint8_t *p, size_t n)
{
	int stream = is_stderr ? EXEC_STDERR : EXEC_STDOUT;
	int rc = 0;
	size_t took;

	while (n) {
		took = exec_chunk_add(&b->chunk, stream, p, n);
		p += took;
		n -= took;
		if (n)
			rc |= put_chunk(b);
	}
	return rc;
}

int
exec_book_reset(struct exec_book *b)
{
	buf_reset(&b->chunk);
	b->chunk_no = 0;
	return scribe_note(b->scribe, STORE_EXEC_RESET, &b->row, NULL, false);
}

int
exec_book_end(struct exec_book *b, bool done)
{
	int rc = put_chunk(b);

	b->row.status = done ? EXEC_done : EXEC_lost;
	if (done)
		rc |= scribe_note(b->scribe, STORE_EXEC_END, &b->row,
				  b->command, b->is_argv);
	else
		rc |= scribe_note(b->scribe, STORE_EXEC_LOST, &b->row, NULL,
				  false);
	return rc;
}
