/*
 * A piece of an exec's output as exec_output keeps it: segments of stdout and
 * stderr in the order in which they were read, at most EXEC_CHUNK_RAW bytes,
 * compressed with zstd. Segment: u8 stream, u32 big-endian length, bytes.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define EXEC_CHUNK_RAW 65536
#define EXEC_CHUNK_PACKED (EXEC_CHUNK_RAW + 1024) /* > ZSTD_compressBound */
#define EXEC_CHUNKS_HEAD 16  /* 1 MiB is kept from the start */
#define EXEC_CHUNKS_TAIL 256 /* and 16 MiB from the end */

struct buf;
struct err;

#define EXEC_STDOUT 1
#define EXEC_STDERR 2

/*
 * Appends as much of p as the chunk still takes and returns how much that was:
 * less than n says the chunk is full, so store it, buf_reset and go on.
 * `chunk` needs a cap of at least EXEC_CHUNK_RAW.
 */
size_t exec_chunk_add(struct buf *chunk, int stream, const void *p, size_t n);
/* Calls fn for each segment; stops when fn is not 0. -1 when malformed. */
int exec_chunk_each(const void *chunk, size_t n,
		    int (*fn)(void *arg, int stream, const void *p, size_t n),
		    void *arg, struct err *e);

/* zstd of it into out (EXEC_CHUNK_PACKED bytes). The length, 0 on error. */
size_t exec_chunk_pack(void *out, const void *chunk, size_t n);
/* Into out (EXEC_CHUNK_RAW bytes). The length, 0 when it is malformed. */
size_t exec_chunk_unpack(void *out, const void *packed, size_t n);
