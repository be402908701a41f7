#include "store/store_exec.h"

#include "buf.h"
#include "err.h"
#include "store/exec_chunk.h"
#include "store/tx.h"

struct output_arg {
	const struct store_exec *exec;
	int64_t next; /* the least chunk number that was not read */
	int64_t chunk_no;
	struct buf *packed;
	bool found;
};

/* One chunk at a time: an exec may have 17 MiB of them. */
static int
read_chunk(struct store *s, void *arg, struct err *e)
{
	static const struct column columns[] = {
		COLUMN(output_arg, INT, chunk_no, NULL),
		COLUMN_BUFFER(output_arg, packed),
	};
	static const struct record record = RECORD(columns);
	struct output_arg *a = arg;
	int n;

	buf_reset(a->packed);
	n = stmt_one(s, STMT_output_next,
		     CELLS(cell_text(a->exec->id),
			   cell_day(a->exec->started_us), cell_int(a->next)),
		     &record, a, e);
	a->found = n == 1;
	return n < 0 ? -1 : 0;
}

struct segment_arg {
	int (*fn)(void *arg, int stream, const void *p, size_t n, bool gap);
	void *arg;
	bool gap, stopped;
};

static int
segment(void *arg, int stream, const void *p, size_t n)
{
	struct segment_arg *a = arg;
	bool gap = a->gap;

	a->gap = false;
	a->stopped = a->fn(a->arg, stream, p, n, gap) != 0;
	return a->stopped;
}

int
store_exec_output(struct store *s, const struct store_exec *x,
		  int (*fn)(void *arg, int stream, const void *p, size_t n,
			    bool gap),
		  void *arg, struct err *e)
{
	auto_buf struct buf packed = {.cap = EXEC_CHUNK_PACKED};
	struct output_arg o = {.exec = x, .packed = &packed};
	struct segment_arg seg = {.fn = fn, .arg = arg};
	uint8_t raw[EXEC_CHUNK_RAW];
	size_t n;

	while (!seg.stopped) {
		if (tx_run(s, TX_READ, read_chunk, &o, e) < 0)
			return -1;
		if (!o.found)
			return 0;
		n = exec_chunk_unpack(raw, packed.data, packed.len);
		if (n == 0)
			return err_set(e, ERR_INTERNAL,
				       "output of %s is damaged", x->id);
		seg.gap = seg.gap || o.chunk_no != o.next;
		if (exec_chunk_each(raw, n, segment, &seg, e) < 0)
			return -1;
		o.next = o.chunk_no + 1;
	}
	return 0;
}
