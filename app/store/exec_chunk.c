#include "store/exec_chunk.h"

#include <zstd.h>

#include "buf.h"
#include "err.h"

#define SEGMENT_HEAD 5
#define LEVEL 1 /* most output is read never or once */

_Static_assert(EXEC_CHUNK_PACKED >= ZSTD_COMPRESSBOUND(EXEC_CHUNK_RAW),
	       "a chunk that does not shrink has no room");

size_t
exec_chunk_add(struct buf *chunk, int stream, const void *p, size_t n)
{
	uint8_t head[SEGMENT_HEAD] = {(uint8_t)stream};

	if (n == 0 || chunk->len + SEGMENT_HEAD >= EXEC_CHUNK_RAW)
		return 0;
	if (n > EXEC_CHUNK_RAW - chunk->len - SEGMENT_HEAD)
		n = EXEC_CHUNK_RAW - chunk->len - SEGMENT_HEAD;
	if (!buf_reserve(chunk, SEGMENT_HEAD + n))
		return 0;
	for (int i = 0; i < 4; i++)
		head[1 + i] = (uint8_t)(n >> (24 - 8 * i));
	buf_add(chunk, head, SEGMENT_HEAD); /* both fit: room was reserved */
	buf_add(chunk, p, n);
	return n;
}

int
exec_chunk_each(const void *chunk, size_t n,
		int (*fn)(void *arg, int stream, const void *p, size_t n),
		void *arg, struct err *e)
{
	const uint8_t *p = chunk, *end = p + n;

	while (p < end) {
		size_t len = 0;

		if (end - p < SEGMENT_HEAD)
			return err_set(e, ERR_INTERNAL, "a cut output segment");
		for (int i = 0; i < 4; i++)
			len = len << 8 | p[1 + i];
		if (len > (size_t)(end - p) - SEGMENT_HEAD ||
		    (p[0] != EXEC_STDOUT && p[0] != EXEC_STDERR))
			return err_set(e, ERR_INTERNAL, "a bad output segment");
		if (fn(arg, p[0], p + SEGMENT_HEAD, len))
			return 0;
		p += SEGMENT_HEAD + len;
	}
	return 0;
}

size_t
exec_chunk_pack(void *out, const void *chunk, size_t n)
{
	size_t len = ZSTD_compress(out, EXEC_CHUNK_PACKED, chunk, n, LEVEL);

	return ZSTD_isError(len) ? 0 : len;
}

size_t
exec_chunk_unpack(void *out, const void *packed, size_t n)
{
	size_t len = ZSTD_decompress(out, EXEC_CHUNK_RAW, packed, n);

	return ZSTD_isError(len) ? 0 : len;
}
